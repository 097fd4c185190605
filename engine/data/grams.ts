// A hash table whose keys are slices of UTF-16 units, so that counting and finding n-grams makes no strings. Equal slices are
// compared unit by unit: hash collisions change nothing.

/** Hash of no units; `extend` adds one. FNV-1a over units (Fowler, Noll, Vo). */
export const emptyHash = 0x811c9dc5 | 0;
export const extend = (hash: number, unit: number): number => Math.imul(hash ^ unit, 0x01000193);

export class GramTable {
  /** Number of keys; they are numbered from 0 in the order of insertion. */
  size = 0;
  private slots: Int32Array;
  private hashes: Int32Array;
  private offsets: Uint32Array;
  private pool: Uint16Array;

  constructor(capacity: number) {
    let slots = 1024;
    while (slots < capacity * 2) slots *= 2;
    this.slots = new Int32Array(slots);
    this.hashes = new Int32Array(slots / 2);
    this.offsets = new Uint32Array(slots / 2 + 1);
    this.pool = new Uint16Array(slots * 4);
  }

  /** Number of the key units[from … to), −1 when it is absent. */
  find(units: Uint16Array, from: number, to: number, hash: number): number {
    const mask = this.slots.length - 1;
    for (let slot = mix(hash) & mask; ; slot = (slot + 1) & mask) {
      const key = this.slots[slot] - 1;
      if (key < 0) return -1;
      if (this.hashes[key] === hash && this.same(key, units, from, to)) return key;
    }
  }

  /** Number of the key, which is added when it is absent. */
  add(units: Uint16Array, from: number, to: number, hash: number): number {
    const mask = this.slots.length - 1;
    let slot = mix(hash) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const key = this.slots[slot] - 1;
      if (key < 0) break;
      if (this.hashes[key] === hash && this.same(key, units, from, to)) return key;
    }
    if (this.size === this.hashes.length) {
      this.grow();
      return this.add(units, from, to, hash);
    }
    const start = this.offsets[this.size];
    const end = start + to - from;
    if (end > this.pool.length) this.pool = enlarge(this.pool, Math.max(end, this.pool.length * 2), Uint16Array);
    for (let i = from; i < to; i++) this.pool[start + i - from] = units[i];
    this.slots[slot] = ++this.size;
    this.hashes[this.size - 1] = hash;
    this.offsets[this.size] = end;
    return this.size - 1;
  }

  /** The key with this number as text. */
  text(key: number): string {
    const units = this.pool.subarray(this.offsets[key], this.offsets[key + 1]);
    return String.fromCharCode(...units);
  }

  /** Adds the key with this number of another table. */
  take(from: GramTable, key: number): number {
    return this.add(from.pool, from.offsets[key], from.offsets[key + 1], from.hashes[key]);
  }

  private same(key: number, units: Uint16Array, from: number, to: number): boolean {
    const start = this.offsets[key];
    if (this.offsets[key + 1] - start !== to - from) return false;
    for (let i = from; i < to; i++) if (this.pool[start + i - from] !== units[i]) return false;
    return true;
  }

  private grow(): void {
    const slots = new Int32Array(this.slots.length * 2);
    const mask = slots.length - 1;
    for (let key = 0; key < this.size; key++) {
      let slot = mix(this.hashes[key]) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = key + 1;
    }
    this.slots = slots;
    this.hashes = enlarge(this.hashes, slots.length / 2, Int32Array);
    this.offsets = enlarge(this.offsets, slots.length / 2 + 1, Uint32Array);
  }
}

/** Spreads FNV's weak low bits (the finaliser of MurmurHash3, Appleby). */
function mix(hash: number): number {
  const h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return h ^ (h >>> 13);
}

function enlarge<T extends Uint16Array | Int32Array | Uint32Array>(
  old: T,
  length: number,
  Type: new (length: number) => T,
): T {
  const larger = new Type(length);
  larger.set(old);
  return larger;
}

/** A table of the given keys, numbered by their place. */
export function gramTableOf(keys: readonly string[]): GramTable {
  const table = new GramTable(keys.length);
  const units = new Uint16Array(keys.reduce((most, key) => Math.max(most, key.length), 0));
  for (const key of keys) {
    let hash = emptyHash;
    for (let i = 0; i < key.length; i++) {
      units[i] = key.charCodeAt(i);
      hash = extend(hash, units[i]);
    }
    table.add(units, 0, key.length, hash);
  }
  return table;
}
