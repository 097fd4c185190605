// The house's plan: who may import whom, and which folder owns which package. ARCHITECTURE.md explains it.
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, read, sources } from './repository.ts';

/** Folders that a folder names in the design's table; it may also import whatever those may. `schema` is open to all. */
const names: Record<string, string[]> = {
  schema: [],
  base: ['schema'],
  client: ['schema'],
  onnx: ['base'],
  graph: ['onnx'],
  autodiff: ['graph'],
  runtime: ['onnx'],
  security: ['base'],
  store: ['security'],
  data: ['onnx', 'store'],
  models: ['graph', 'data'],
  classic: ['graph', 'data'],
  generate: ['runtime', 'data'],
  train: ['autodiff', 'runtime', 'models', 'generate'],
  automl: ['train', 'classic'],
  bundle: ['train', 'classic'],
  cluster: ['security'],
  serve: ['bundle'],
  monitor: ['base'],
  children: ['automl', 'bundle', 'cluster', 'serve', 'monitor'],
  jobs: ['store', 'serve', 'monitor', 'children', 'cluster'],
  api: ['schema', 'base'],
  'appliance.ts': ['jobs', 'api', 'children'],
};
const outside: Record<string, string[]> = {
  main: ['appliance.ts', 'client', 'schema'],
  renderer: ['client', 'schema'],
};

/** Packages and the only folders that may import them. */
const owners: Record<string, string[]> = {
  zod: ['schema'],
  pino: ['base'],
  '@bufbuild/protobuf': ['onnx'],
  'onnxruntime-node': ['runtime'],
  'onnxruntime-common': ['runtime'],
  '@tensorflow': ['runtime'],
  '@node-rs/argon2': ['security'],
  '@peculiar/x509': ['security'],
  'reflect-metadata': ['security'],
  'better-sqlite3': ['store', 'data'],
  '@duckdb/node-api': ['data'],
  sharp: ['data'],
  'mpg123-decoder': ['data'],
  '@wasm-audio-decoders/flac': ['data'],
  'apache-arrow': ['data'],
  hyparquet: ['data'],
  'hyparquet-writer': ['data'],
  yauzl: ['data'],
  saxes: ['data'],
  pg: ['data'],
  'pg-cursor': ['data'],
  '@huggingface/tokenizers': ['data'],
  fflate: ['bundle', 'data', 'renderer'],
  express: ['api'],
  ws: ['api', 'cluster'],
  'bonjour-service': ['cluster'],
  'prom-client': ['monitor'],
  nodemailer: ['monitor'],
  '@asteasolutions/zod-to-openapi': ['api'],
  commander: ['main'],
  'csv-parse': ['main', 'children'],
  'csv-stringify': ['main'],
  electron: ['main'],
  vite: ['main'],
  postject: ['main'],
  'axe-core': [],
};

function closure(folder: string, seen = new Set<string>()): Set<string> {
  for (const next of names[folder] ?? []) {
    if (seen.has(next)) continue;
    seen.add(next);
    closure(next, seen);
  }
  return seen.add('schema');
}

/** The folder (or wiring file) that a path belongs to. */
function folderOf(path: string): string {
  const parts = path.split('/');
  if (parts[0] !== 'engine') return parts[0] ?? '';
  return parts[1] ?? '';
}

const code = sources.filter((file) => /^(engine|main|renderer)\//.test(file));

describe('layers', () => {
  test('every folder of engine/ stands in the table', () => {
    const folders = new Set(code.filter((f) => f.startsWith('engine/')).map(folderOf));
    expect([...folders].filter((f) => !(f in names))).toEqual([]);
  });

  test('imports run down the table only, through index.ts', () => {
    const wrong: string[] = [];
    for (const file of code) {
      const from = folderOf(file);
      const may = from in outside ? new Set(outside[from]) : closure(from);
      for (const { specifier, line } of importsOf(file)) {
        if (!specifier.startsWith('.')) continue;
        const target = posix.join(posix.dirname(file), specifier);
        const to = folderOf(target);
        if (
          to === from ||
          !(target.startsWith('engine/') || target.startsWith('main/') || target.startsWith('renderer/'))
        )
          continue;
        if (!may.has(to)) wrong.push(`${file}:${line} imports ${to}, which ${from} may not`);
        else if (to !== 'appliance.ts' && !target.endsWith('/index.ts'))
          wrong.push(`${file}:${line} reaches past ${to}/index.ts into ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('a package is imported by its owner only', () => {
    const wrong: string[] = [];
    for (const file of code) {
      for (const { specifier, line } of importsOf(file)) {
        const name = Object.keys(owners).find((p) => specifier === p || specifier.startsWith(`${p}/`));
        if (name && !owners[name]?.includes(folderOf(file)))
          wrong.push(`${file}:${line} imports ${name}, owned by ${owners[name]?.join(', ')}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('the renderer and the client import nothing of Node', () => {
    const wrong = code
      .filter((file) => ['renderer', 'client', 'schema'].includes(folderOf(file)))
      .flatMap(importsOf)
      .filter((i) => i.specifier.startsWith('node:') && !i.typeOnly)
      .map((i) => `${i.file}:${i.line} ${i.specifier}`);
    expect(wrong).toEqual([]);
  });

  test('the appliance process loads no model runtime and no decoder of foreign files when it starts', () => {
    const seen = new Set<string>();
    const visit = (file: string) => {
      if (seen.has(file) || !sources.includes(file)) return;
      seen.add(file);
      for (const { specifier, typeOnly, dynamic } of importsOf(file)) {
        if (specifier.startsWith('.') && !typeOnly && !dynamic) visit(posix.join(posix.dirname(file), specifier));
      }
    };
    visit('engine/appliance.ts');
    const native = ['onnxruntime-node', '@duckdb/node-api', 'sharp'];
    const loads = [...seen].filter((file) =>
      importsOf(file).some((i) => native.includes(i.specifier) && !i.typeOnly && !i.dynamic),
    );
    expect(loads, 'a model or a foreign file must only ever be opened in a child').toEqual([]);
  });

  test('each folder’s index.ts names what it exports', () => {
    const starred = sources.filter((file) => /^\s*export \*/m.test(read(file)));
    expect(starred).toEqual([]);
    const folders = [...new Set(code.filter((f) => f.startsWith('engine/') && f.split('/').length > 2).map(folderOf))];
    expect(folders.filter((folder) => !sources.includes(join('engine', folder, 'index.ts')))).toEqual([]);
  });
});
