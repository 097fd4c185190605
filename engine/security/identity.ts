// A node's identity: a self-signed X.509 certificate over ECDSA P-256, made once. The node's id is the certificate's
// SHA-256, so that a peer pins a certificate by knowing the id.
import { X509Certificate } from 'node:crypto';
import { type Clock, hex, sha256, systemClock } from '../base/index.ts';
import { Fault } from '../schema/index.ts';

/** A certificate and its private key, PEM. The key is a secret: it rests only inside a sealed record. */
export interface Identity {
  certificate: string;
  privateKey: string;
}

export const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 86_400_000;
/** Twenty years: peers trust the pin, not the date. */
const lifeMs = 20 * 365 * day;
/** Machines in a room disagree about the time. */
export const skewMs = day;

/** Makes an identity; `name` is shown to people. */
export async function createIdentity(name: string, clock: Clock = systemClock): Promise<Identity> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const now = clock.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }, { O: ['Neutrino'] }],
    notBefore: new Date(now - skewMs),
    notAfter: new Date(now + lifeMs),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
    ],
  });
  return { certificate: certificate.toString('pem'), privateKey: await privatePem(keys.privateKey) };
}

/** The id of a certificate (PEM or DER): the SHA-256 of its DER, 64 hex digits. Fault `bad_input` when it is not one. */
export function nodeId(certificate: string | Uint8Array): string {
  try {
    return hex(sha256(new Uint8Array(new X509Certificate(certificate).raw)));
  } catch (error) {
    throw new Fault('bad_input', 'this is not an X.509 certificate; give one in PEM or DER', undefined, error);
  }
}

/** A node id for people: eight groups of eight digits. */
export const showNodeId = (id: string): string => (id.match(/.{8}/g) ?? []).join('-');

/** The id in what a person typed or pasted (any case, spaces or hyphens), or undefined when it is not one. */
export function readNodeId(text: string): string | undefined {
  const id = text.toLowerCase().replace(/[\s-]/g, '');
  return /^[0-9a-f]{64}$/.test(id) ? id : undefined;
}

/** A private key as PKCS #8 PEM. */
export async function privatePem(key: CryptoKey): Promise<string> {
  const x509 = await loadX509();
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** Loaded when a certificate is made: most processes make none, and it takes a third of a model host's start. */
export async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
