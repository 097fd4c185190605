// A text as a short vector: words hashed into signed places, of unit length (Weinberger et al. 2009). Needs no model, so that
// the appliance may do it.

/** Numbers of an embedding. */
export const dimensions = 64;

/** The vector of a text; zeros for one without words. */
export function embed(text: string): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const [word] of text
    .slice(0, 20_000)
    .normalize('NFKC')
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}]+/gu)) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
    hash ^= hash >>> 15;
    vector[(hash >>> 1) % dimensions] += (hash & 1) === 0 ? 1 : -1;
  }
  const norm = Math.hypot(...vector);
  return norm > 0 ? vector.map((value) => value / norm) : vector;
}
