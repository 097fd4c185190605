// Several connections to one DuckDB, each running one query at a time. With DuckDB on a single thread a connection scans and
// aggregates its rows strictly in order, which is what keeps lists and blobs in the order of the rows; the pool is the parallelism.
import type { Duck } from './duck.ts';

export interface Pool {
  /** Runs the tasks, as many at once as there are connections; rejects with the first failure after all have ended. */
  all<T>(tasks: readonly ((duck: Duck) => Promise<T>)[]): Promise<T[]>;
  interrupt(): void;
  close(): void;
}

/** Opens `size` connections beside `duck`. */
export async function openPool(duck: Duck, size: number): Promise<Pool> {
  const ducks = await Promise.all(Array.from({ length: size }, () => duck.connect()));
  return {
    async all<T>(tasks: readonly ((duck: Duck) => Promise<T>)[]) {
      const results: T[] = [];
      let next = 0;
      let failure: { error: unknown } | undefined;
      const work = async (own: Duck) => {
        while (next < tasks.length && !failure) {
          const i = next++;
          try {
            results[i] = await tasks[i](own);
          } catch (error) {
            failure ??= { error };
          }
        }
      };
      await Promise.all(ducks.map(work));
      if (failure) throw failure.error;
      return results;
    },
    interrupt() {
      for (const own of ducks) own.interrupt();
    },
    close() {
      for (const own of ducks) own.close();
    },
  };
}
