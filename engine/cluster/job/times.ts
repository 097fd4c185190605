// The times of a job's members, which all of them must see alike.

/** Between beats; silence that counts as gone; how long promises are gathered; a try that comes to nothing, ms. */
export const jobTimes = { beat: 250, silent: 2000, gather: 400, giveUp: 1500, stall: 20_000 } as const;
