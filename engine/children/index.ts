// Forked processes: the one way to start them, and the entry files that they run.
export { runChildIfAsked } from './entry.ts';
export { deathFault, type SpawnOptions, spawnChild } from './spawn.ts';
