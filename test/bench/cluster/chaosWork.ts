// What members of a chaos schedule compute: each sample adds a number that no other data holds by chance.
/** Samples of an epoch, and of a step. */
export const chaosSamples = 48;
export const chaosBatch = 16;
/** A float32 whose four bytes are told apart on the wire, and which sums of a few keep exactly. */
export const marked = new Float32Array(new Uint8Array([0x00, 0x5a, 0xa5, 0x43]).buffer)[0];
