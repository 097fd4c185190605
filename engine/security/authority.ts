// The node's own certificate authority: it signs the certificate under which the API is served on anything but loopback.
// Its certificate can be exported for clients; it may sign end entities only.
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { type Clock, systemClock } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { type Identity, loadX509, privatePem, signing, skewMs } from './identity.ts';

const day = 86_400_000;
const authorityLifeMs = 10 * 365 * day;
/** The longest that today's browsers and Apple's platforms take from a private authority. */
const serverLifeMs = 397 * day;

/** Makes the authority: a self-signed certificate that may sign others, and its private key. */
export async function createAuthority(name: string, clock: Clock = systemClock): Promise<Identity> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const now = clock.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`${name} (Neutrino authority)`] }, { O: ['Neutrino'] }],
    notBefore: new Date(now - skewMs),
    notAfter: new Date(now + authorityLifeMs),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), privateKey: await privatePem(keys.privateKey) };
}

/**
 * Issues a TLS server certificate for hosts (names and addresses), good for 397 days. `certificate` is the chain, the
 * server's own first. Fault `bad_input` for a host that is neither a name nor an address.
 */
export async function issueServer(
  authority: Identity,
  hosts: readonly string[],
  clock: Clock = systemClock,
): Promise<Identity> {
  if (hosts.length === 0) throw new Fault('bad_input', 'a server certificate needs at least one host; name one');
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.certificate);
  const pkcs8 = x509.PemConverter.decodeFirst(authority.privateKey);
  const signingKey = await crypto.subtle.importKey('pkcs8', pkcs8, signing, false, ['sign']);
  const keys = await crypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const now = clock.now();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: [{ CN: [hosts[0] ?? ''] }],
    issuer: issuer.subject,
    notBefore: new Date(now - skewMs),
    notAfter: new Date(Math.min(now + serverLifeMs, issuer.notAfter.getTime())),
    signingAlgorithm: signing,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(hosts.map(nameOf)),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  const chain = `${certificate.toString('pem')}\n${authority.certificate}`;
  return { certificate: chain, privateKey: await privatePem(keys.privateKey) };
}

function nameOf(host: string): { type: 'ip' | 'dns'; value: string } {
  if (isIP(host)) return { type: 'ip', value: host };
  if (/^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(host)) return { type: 'dns', value: host };
  throw new Fault('bad_input', `${host} is neither a host name nor an address`);
}

/** A positive serial number of 127 random bits (RFC 5280, 4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
