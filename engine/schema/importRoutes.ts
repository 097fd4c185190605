// The routes by which data comes in beyond the first ones: uploads that go on where they broke off, and credentials for other
// hosts; `routes` of routes.ts takes them in.
import { z } from 'zod';
import type { Route } from './routes.ts';

const id = z.object({ id: z.string() });
const done = z.object({ ok: z.literal(true) });

/** How a host wants to be spoken to. `none` allows it without credentials. */
export const credentialKinds = ['none', 'basic', 'bearer', 's3', 'postgres'] as const;
export type CredentialKind = (typeof credentialKinds)[number];

/** A host that imports may read from, and how. Naming it here is what allows it. */
export const credentialRequest = z.object({
  name: z.string().regex(/^[\w.-]{1,100}$/, 'use letters, digits, dots and dashes'),
  kind: z.enum(credentialKinds),
  /** `https://minio.lab:9000`, `http://namenode:9870`, `postgres://db.lab:5432`: scheme, host and port, nothing more. */
  endpoint: z.string().max(300),
  /** User name, or the access key of an object store. */
  user: z.string().max(300).optional(),
  /** Password, token, or the secret key of an object store. */
  secret: z.string().max(10_000).optional(),
  region: z.string().max(100).optional(),
});
export type CredentialRequest = z.infer<typeof credentialRequest>;

/** What may be seen of a credential. */
export const credentialView = credentialRequest.omit({ secret: true });
export type CredentialView = z.infer<typeof credentialView>;

/** An upload on its way. */
export const uploadView = z.object({
  id: z.string(),
  filename: z.string(),
  /** Bytes that arrived so far: the offset at which to go on. */
  received: z.number().int(),
});
export type UploadView = z.infer<typeof uploadView>;

export const importRoutes = {
  'uploads.begin': {
    method: 'POST',
    path: '/api/v1/uploads',
    action: 'datasets:write',
    summary: 'Begin an upload that can be gone on with; import it with datasets.import',
    body: z.object({ filename: z.string().min(1).max(255) }),
    response: uploadView,
    status: 201,
  },
  'uploads.append': {
    method: 'POST',
    path: '/api/v1/uploads/{id}',
    action: 'datasets:write',
    summary: 'Add the bytes of the request body at `offset`',
    params: id,
    query: z.object({ offset: z.coerce.number().int().min(0) }),
    stream: 'in',
    response: uploadView,
  },
  'uploads.show': {
    method: 'GET',
    path: '/api/v1/uploads/{id}',
    action: 'datasets:write',
    summary: 'How far an upload is',
    params: id,
    response: uploadView,
  },
  'uploads.cancel': {
    method: 'DELETE',
    path: '/api/v1/uploads/{id}',
    action: 'datasets:write',
    summary: 'Give an upload up',
    params: id,
    response: done,
  },
  'credentials.list': {
    method: 'GET',
    path: '/api/v1/credentials',
    action: 'datasets:write',
    summary: 'Hosts that imports may read from',
    response: z.object({ items: z.array(credentialView) }),
  },
  'credentials.set': {
    method: 'POST',
    path: '/api/v1/credentials',
    action: 'system:write',
    summary: 'Allow a host, and say how to speak to it; its secret is kept in the vault',
    body: credentialRequest,
    response: credentialView,
    status: 201,
  },
  'credentials.remove': {
    method: 'DELETE',
    path: '/api/v1/credentials/{name}',
    action: 'system:write',
    summary: 'Allow a host no longer',
    params: z.object({ name: z.string() }),
    response: done,
  },
} as const satisfies Record<string, Route>;
