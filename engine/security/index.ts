// The only surface of security/: the vault, sealed blobs, keys and roles, sessions, limits, the audit chain, certificates.
export { createAuthority, issueServer } from './authority.ts';
export { type BrokenLink, type ChainHead, type ChainWalk, chainStart, nextLink, walkChain } from './chain.ts';
export { damaged, newKey, seal, sealLater, sealOverhead, unseal } from './envelope.ts';
export { fileFault, makeDirectory, replaceFile, syncDirectory } from './files.ts';
export { createIdentity, type Identity, nodeId, readNodeId, showNodeId } from './identity.ts';
export { configDirectory } from './keyFile.ts';
export type { KeyRing } from './keyring.ts';
export { type MintedKey, mintKey, parseKey, verifyKey } from './keys.ts';
export { createLimiter, type Limiter, type LimiterOptions } from './limits.ts';
export { allows, can, roleActions } from './roles.ts';
export { openSealers, type Sealers } from './sealers.ts';
export {
  createSessions,
  type KeptSession,
  type SessionKeeper,
  type SessionLimits,
  type Sessions,
  sessionDefaults,
} from './sessions.ts';
export { createVault, discardVault, openVault, type Vault, type VaultOptions, type WrapInfo } from './vault.ts';
export { hasVault, vaultPath, type WrapKind } from './vaultFile.ts';
export type { Keychain, WrapSources } from './wraps.ts';
