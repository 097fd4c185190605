// Hosts that imports may read from, and how to speak to them. An admin names them; their secrets are sealed with the appliance's
// own settings and leave it only for the importer that uses them.
import {
  type CredentialRequest,
  type CredentialView,
  Fault,
  type Handlers,
  type ImportSource,
} from '../schema/index.ts';
import type { JobContext } from './context.ts';

type Names = 'list' | 'set' | 'remove';

export interface Credentials {
  handlers: Pick<Handlers, `credentials.${Names}`>;
  /** The source behind an address. Faults: `forbidden` for a host that nobody allowed, `bad_request`. */
  sourceOf(url: string, name: string | undefined, query: string | undefined): ImportSource;
}

const setting = 'credentials';
type Kept = Record<string, CredentialRequest>;

const shown = ({ name, kind, endpoint, user, region }: CredentialRequest): CredentialView => ({
  name,
  kind,
  endpoint,
  ...(user === undefined ? {} : { user }),
  ...(region === undefined ? {} : { region }),
});

/** Scheme of an address → scheme and port of the endpoint that serves it. */
const schemes: Record<string, { of: readonly string[]; kinds: readonly CredentialRequest['kind'][] }> = {
  'http:': { of: ['http:'], kinds: ['none', 'basic', 'bearer'] },
  'https:': { of: ['https:'], kinds: ['none', 'basic', 'bearer'] },
  's3:': { of: ['http:', 'https:'], kinds: ['s3'] },
  'webhdfs:': { of: ['http:'], kinds: ['none', 'basic', 'bearer'] },
  'swebhdfs:': { of: ['https:'], kinds: ['none', 'basic', 'bearer'] },
  'postgres:': { of: ['postgres:', 'postgresql:'], kinds: ['postgres'] },
  'postgresql:': { of: ['postgres:', 'postgresql:'], kinds: ['postgres'] },
};

/** The credentials of an appliance. */
export function createCredentials({ store }: JobContext): Credentials {
  // Without a prototype: a name such as `constructor` is nobody's.
  const kept = (): Kept => Object.assign(Object.create(null) as Kept, store.settings.get(setting));

  return {
    handlers: {
      'credentials.list': () => ({ items: Object.values(kept()).map(shown) }),
      'credentials.set'({ body }) {
        const url = addressOf(body.endpoint);
        if ((url.pathname !== '/' && url.pathname !== '') || url.search || url.username) {
          throw new Fault(
            'bad_request',
            `The endpoint ${body.endpoint} must be scheme, host and port only, such as https://minio.lab:9000.`,
          );
        }
        const fits = Object.values(schemes).some(
          ({ of, kinds }) => of.includes(url.protocol) && kinds.includes(body.kind),
        );
        if (!fits) throw new Fault('bad_request', `${url.protocol} does not go with --kind ${body.kind}.`);
        store.settings.set(setting, { ...kept(), [body.name]: body });
        return shown(body);
      },
      'credentials.remove'({ params }) {
        const { [params.name]: gone, ...rest } = kept();
        if (!gone)
          throw new Fault('not_found', `There is no credential ${params.name}. See neutrino credentials list.`);
        store.settings.set(setting, rest);
        return { ok: true as const };
      },
    },
    sourceOf(address, name, query) {
      const url = addressOf(address);
      if (url.username || url.password)
        throw new Fault(
          'bad_request',
          'Leave name and password out of the address: neutrino credentials set keeps them in the vault.',
        );
      const scheme = schemes[url.protocol];
      if (!scheme) throw new Fault('bad_request', `${url.protocol} is not read. Use https, s3, webhdfs or postgres.`);
      const all = kept();
      const serves = ({ kind, endpoint }: CredentialRequest) => {
        const own = new URL(endpoint);
        return (
          scheme.kinds.includes(kind) &&
          scheme.of.includes(own.protocol) &&
          (url.protocol === 's3:' || hostOf(own) === hostOf(url))
        );
      };
      if (name !== undefined && !all[name])
        throw new Fault('not_found', `There is no credential ${name}. See neutrino credentials list.`);
      const found = name === undefined ? Object.values(all).find(serves) : all[name];
      if (!found || !serves(found)) {
        throw new Fault(
          'forbidden',
          `${url.protocol === 's3:' ? 'No object store is' : `${url.host} is not`} allowed for imports${name === undefined ? '' : ` by ${name}`}. An admin allows it: neutrino credentials set NAME --endpoint ${scheme.of[0]}//${url.protocol === 's3:' ? 'HOST:PORT' : url.host}.`,
        );
      }
      const { kind, endpoint, user, secret, region } = found;
      return { kind: 'remote', url: address, query, credential: { kind, endpoint, user, secret, region } };
    },
  };
}

const defaultPorts: Record<string, string> = {
  'http:': '80',
  'https:': '443',
  'webhdfs:': '80',
  'swebhdfs:': '443',
  'postgres:': '5432',
  'postgresql:': '5432',
};
const hostOf = ({ hostname, port, protocol }: URL): string =>
  `${hostname.toLowerCase()}:${port || defaultPorts[protocol]}`;

function addressOf(text: string): URL {
  try {
    const url = new URL(text);
    decodeURIComponent(url.pathname);
    return url;
  } catch (error) {
    throw new Fault(
      'bad_request',
      `${text.slice(0, 200)} is no address. Write it as s3://bucket/key or https://host/file.csv.`,
      undefined,
      error,
    );
  }
}
