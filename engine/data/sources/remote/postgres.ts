// Rows of a PostgreSQL database by a SELECT, in a transaction that may write nothing, read by a cursor.
import type { Client } from 'pg';
import { Fault } from '../../../schema/index.ts';
import type { Known, LoadContext, Loader, Table } from '../../formats/loader.ts';
import { openRows, type RawCell } from '../../formats/rows.ts';

/** Rows fetched at once. */
const fetchRows = 4096;
const patienceMs = 30_000;

/** What the types of PostgreSQL hold, by their OIDs (pg_type.dat). */
const kinds = new Map<number, Known>([
  ...[20, 21, 23, 26, 700, 701, 1700].map((oid) => [oid, 'number'] as const),
  ...[1082, 1114, 1184].map((oid) => [oid, 'date'] as const),
  [16, 'boolean'],
]);

/** Prepares to read what `query` selects. Connects when it is loaded. */
export function openPostgres(address: URL, query: string, login: { user: string; secret: string }): Loader {
  const name = decodeURIComponent(address.pathname.slice(1)) || 'postgres';
  let rows = 0;
  let client: Client | undefined;
  const fault = (error: unknown) => {
    if (error instanceof Fault || (error as Error).name === 'AbortError') return error;
    const { code = '', message = '' } = error as { code?: string; message?: string };
    if (code.startsWith('28'))
      return new Fault(
        'forbidden',
        `${address.host} refuses this user or password. Correct them: neutrino credentials.`,
        undefined,
        error,
      );
    if (/^[0-9A-Z]{5}$/.test(code))
      return new Fault('bad_data', `The database answers: ${message}. Correct the query.`, undefined, error);
    return new Fault(
      'unreachable',
      `${address.host} does not answer as PostgreSQL. Check the address and the network.`,
      undefined,
      error,
    );
  };
  return {
    file: name,
    total: undefined,
    seen: () => rows,
    allow: [],
    settled: {},
    async load(context) {
      const { default: pg } = await import('pg');
      client = new pg.Client({
        host: address.hostname,
        port: Number(address.port || 5432),
        database: name,
        user: login.user,
        password: login.secret,
        connectionTimeoutMillis: patienceMs,
        ssl:
          address.searchParams.get('sslmode') === 'require'
            ? { rejectUnauthorized: false }
            : address.searchParams.get('sslmode') === 'verify-full',
        // Every value as the server writes it.
        types: { getTypeParser: () => (text: string) => text },
      });
      client.on('error', () => undefined);
      await client.connect();
      return readCursor(context, client, name, query, (count) => (rows += count));
    },
    fault,
    close: async () => client?.end().catch(() => undefined),
  };
}

async function readCursor(
  { duck, signal }: LoadContext,
  client: Client,
  name: string,
  query: string,
  done: (rows: number) => void,
): Promise<Table> {
  const { default: Cursor } = await import('pg-cursor');
  await client.query("SET TimeZone = 'UTC'");
  await client.query("SET DateStyle = 'ISO'");
  await client.query('BEGIN READ ONLY');
  const cursor = client.query(new Cursor<(string | null)[]>(query, [], { rowMode: 'array' }));
  const first = await read(cursor);
  const { fields } = first;
  const names = fields.map((field) => field.name);
  const known = fields.map((field): Known => kinds.get(field.dataTypeID) ?? 'text');
  const feed = await openRows(duck, name, names);
  for (let { rows } = first; rows.length > 0; { rows } = await read(cursor)) {
    signal.throwIfAborted();
    for (const row of rows) await feed.add(row.map((cell, i) => cellOf(cell, known[i])));
    done(rows.length);
  }
  await feed.end();
  await cursor.close();
  await client.query('ROLLBACK');
  return { names, known };
}

interface Fields {
  name: string;
  dataTypeID: number;
}

function read(cursor: {
  read(
    rows: number,
    done: (error: Error | undefined, rows: (string | null)[][], result?: { fields: Fields[] }) => void,
  ): void;
}) {
  return new Promise<{ rows: (string | null)[][]; fields: Fields[] }>((resolve, reject) => {
    cursor.read(fetchRows, (error, rows, result) =>
      error ? reject(error) : resolve({ rows, fields: result?.fields ?? [] }),
    );
  });
}

function cellOf(cell: string | null, kind: Known): RawCell {
  if (cell === null || (kind === 'number' && cell === 'NaN')) return null;
  return kind === 'boolean' ? cell === 't' : cell;
}
