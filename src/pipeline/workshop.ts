// Chooses where the work of a run is done: in worker threads, or in this thread where it is over before they are ready.
import type { Workshop } from './executor.js';

/** A worker thread costs about 0.2 s of one core and 30 MB before it does anything. */
const SHORT_WORK_SEC = 0.5;

/** The workshop for so much estimated work of one core; `jobs` cores at most, all that there are unless given. */
export async function openWorkshop(workSec: number, jobs?: number): Promise<Workshop> {
  if (workSec <= SHORT_WORK_SEC) return new (await import('./in-process.js')).CallerThread();
  const { Pools } = await import('./pools.js');
  return new Pools(jobs === undefined ? {} : { jobs });
}
