// Who vouches for an exported bundle: the node's identity key signs the bytes of manifest.json, which holds the hashes
// of everything else. The file `signature` carries the certificate, so that anybody can check it and pin the signer.
import { sign, verify, X509Certificate } from 'node:crypto';
import { fromUtf8, utf8 } from '../base/index.ts';
import { type BundleSignature, type BundleSigner, bundleSignature, Fault } from '../schema/index.ts';
import { type Identity, nodeId } from '../security/index.ts';

/** The content of the file `signature` over these manifest bytes. */
export function signManifest(manifest: Uint8Array, signer: Identity): Uint8Array {
  const signature = sign('sha256', manifest, { key: signer.privateKey, dsaEncoding: 'ieee-p1363' });
  const file: BundleSignature = {
    format: 'neutrino-signature',
    formatVersion: 1,
    algorithm: 'ECDSA-P256-SHA256',
    certificate: signer.certificate,
    signature: signature.toString('base64'),
  };
  return utf8(JSON.stringify(file));
}

/** Whose signature it is. Fault `bad_input` when it is not one over these bytes; an unknown signer is no fault. */
export function verifyManifest(manifest: Uint8Array, signature: Uint8Array, trusted: readonly string[]): BundleSigner {
  const bad = (why: string, cause?: unknown) =>
    new Fault('bad_input', `the bundle's signature ${why}; get the bundle again from its source`, undefined, cause);
  let file: BundleSignature;
  try {
    file = bundleSignature.parse(JSON.parse(fromUtf8(signature)));
  } catch (error) {
    throw bad('cannot be read', error);
  }
  let valid: boolean;
  let id: string;
  try {
    const { publicKey } = new X509Certificate(file.certificate);
    if (publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw bad('is made with another kind of key');

    valid = verify(
      'sha256',
      manifest,
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(file.signature, 'base64'),
    );
    id = nodeId(file.certificate);
  } catch (error) {
    throw error instanceof Fault ? error : bad('cannot be checked', error);
  }
  if (!valid) throw bad('does not fit its manifest: the bundle was changed after it was signed');
  return { nodeId: id, trusted: trusted.includes(id) };
}
