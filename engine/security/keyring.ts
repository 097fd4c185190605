// What a vault key can do: derive keys for purposes, and wrap the data keys of objects. The key itself stays inside.
import { hkdfSync } from 'node:crypto';
import { Fault } from '../schema/index.ts';
import { damaged, keyBytes, seal, unseal } from './envelope.ts';

export interface KeyRing {
  /** A data key, encrypted so that only this vault opens it, and only as the key of this object. */
  wrapKey(dataKey: Uint8Array, objectId: string): Uint8Array;
  /** The inverse of `wrapKey`; Fault `corrupt` naming the object when the wrapped key was changed or is another object's. */
  unwrapKey(wrapped: Uint8Array, objectId: string): Uint8Array;
  /** A 32-byte key for one purpose (HKDF-SHA-256 over the vault key, RFC 5869); different purposes are independent. */
  subkey(purpose: string): Uint8Array;
}

/** A key ring over a vault key, and the switch that forgets it. */
export function keyRing(vaultId: string, vaultKey: Uint8Array): KeyRing & { forget(): void } {
  const derived = new Map<string, Uint8Array>();
  let open = true;
  const subkey = (purpose: string) => {
    if (!open) throw new Fault('vault_locked', 'the vault was locked; start Neutrino again to open it');
    let key = derived.get(purpose);
    if (!key) {
      key = new Uint8Array(hkdfSync('sha256', vaultKey, vaultId, `neutrino/${purpose}`, keyBytes));
      derived.set(purpose, key);
    }
    return key;
  };
  return {
    subkey,
    wrapKey: (dataKey, objectId) => seal(subkey('object keys'), dataKey, JSON.stringify(['object key', objectId])),
    unwrapKey(wrapped, objectId) {
      const what = `the key of object ${objectId}`;
      const key = unseal(subkey('object keys'), wrapped, JSON.stringify(['object key', objectId]), what, keyBytes);
      if (key.length !== keyBytes) throw damaged(what);
      return key;
    },
    forget() {
      open = false;
      vaultKey.fill(0);
      for (const key of derived.values()) key.fill(0);
      derived.clear();
    },
  };
}
