// Entry of a boosting thread: opens the shared memory it was given and works until it is told to leave.
import { workerData } from 'node:worker_threads';
import { type ThreadStart, serve } from './crew.ts';
import { openKernels } from './kernels.ts';
import { openMemory } from './memory.ts';

const { spec, bins, buffer } = workerData as ThreadStart;
const [memory] = openMemory(spec, bins, buffer);
serve(memory.control, openKernels(spec, memory));
