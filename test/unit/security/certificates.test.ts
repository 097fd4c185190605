import { X509Certificate } from 'node:crypto';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import {
  createAuthority,
  createIdentity,
  issueServer,
  nodeId,
  readNodeId,
  showNodeId,
} from '../../../engine/security/index.ts';
import { faultOf, faultOfAsync } from './scratch.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

test('a node’s id is the SHA-256 of its certificate, shown as eight groups and read back as typed', async () => {
  const identity = await createIdentity('lab one');
  const certificate = new X509Certificate(identity.certificate);
  const id = nodeId(identity.certificate);
  expect(id).toBe(certificate.fingerprint256.replaceAll(':', '').toLowerCase());
  expect(nodeId(certificate.raw)).toBe(id);
  expect(showNodeId(id)).toMatch(/^([0-9a-f]{8}-){7}[0-9a-f]{8}$/);
  expect(readNodeId(` ${showNodeId(id).toUpperCase().replaceAll('-', ' ')} `)).toBe(id);
  expect(readNodeId(id.slice(1))).toBe(undefined);
  expect(certificate.subject).toContain('CN=lab one');
  expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  expect(faultOf(() => nodeId('not a certificate')).code).toBe('bad_input');
});

test('the authority’s server certificate serves TLS 1.3 for its hosts, to clients who trust the authority only', async () => {
  const authority = await createAuthority('lab one');
  const server = await issueServer(authority, ['localhost', '127.0.0.1']);
  const https = createServer({ cert: server.certificate, key: server.privateKey }, (_request, response) => {
    response.end('hello');
  });
  open.push(https);
  await new Promise<void>((ready) => https.listen(0, '127.0.0.1', ready));
  const { port } = https.address() as AddressInfo;
  const fetched = (host: string, ca?: string) =>
    new Promise<string>((resolve, reject) => {
      get({ host: '127.0.0.1', servername: host, port, ca, agent: false, minVersion: 'TLSv1.3' }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      }).on('error', reject);
    });
  expect(await fetched('localhost', authority.certificate)).toBe('hello');
  await expect(fetched('elsewhere.example', authority.certificate)).rejects.toThrow('altnames');
  await expect(fetched('localhost')).rejects.toThrow('self-signed');
  await expect(fetched('localhost', (await createAuthority('other')).certificate)).rejects.toThrow();
});

test('the authority signs end entities only, and a host that is none is refused', async () => {
  const authority = await createAuthority('lab one');
  const [leaf = ''] = (await issueServer(authority, ['lab.example', '10.0.0.7', '::1'])).certificate.split('\n\n');
  const certificate = new X509Certificate(leaf);
  expect(certificate.ca).toBe(false);
  expect(certificate.subjectAltName).toBe('DNS:lab.example, IP Address:10.0.0.7, IP Address:0:0:0:0:0:0:0:1');
  expect(new X509Certificate(authority.certificate).ca).toBe(true);
  expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  expect((await faultOfAsync(() => issueServer(authority, ['no host!']))).code).toBe('bad_input');
  expect((await faultOfAsync(() => issueServer(authority, []))).code).toBe('bad_input');
});
