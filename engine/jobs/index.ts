// What the appliance keeps going: imports, runs, deployments, their queues, leases and live events, behind the handlers
// that the API calls. Never runs a model or decodes a foreign file itself.
export { diagnose, type Finding } from './doctor.ts';
export { type OperatorCoverage, operatorCoverage } from './operators.ts';
export { createJobs, type Jobs, type JobsOptions } from './jobs.ts';
export { backupTo, restoreFrom, rotateVault, setPassphrase, type VaultStatus, vaultStatus } from './upkeep.ts';
