// Which files of a checkout make the app on one platform: the sources as they are (Node runs TypeScript), the built pages,
// the sample data, and the packages that the app runs on, with no other platform's binaries. Reads only.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

export interface AppFile {
  /** Path in the app's folder, with slashes. */
  path: string;
  /** Where it is read. */
  from: string;
}
export interface Platform {
  os: NodeJS.Platform;
  arch: string;
}

/** Packages that are needed only while others are installed. */
const installOnly = new Set(['adm-zip', 'global-agent', 'node-addon-api', '@types/node', '@types/ws']);
/** What runs; everything else in a package is for its makers, but for licences. */
const runs = /\.(?:[cm]?js|json|node|wasm|dll|dylib|so(?:\.[\d.]+)?)$/;
const licence = /^(?:licen[cs]e|notice|copying|third[-_ ]?party)[^/]*$/i;
/** Files that run elsewhere: browsers, other processors' binaries, the same code in another form. */
const elsewhere: Record<string, (path: string, platform: Platform) => boolean> = {
  'onnxruntime-node': (path, { os, arch }) => path.startsWith('bin/') && !path.includes(`/${os}/${arch}/`),
  'better-sqlite3': (path, { os, arch }) =>
    path.startsWith('deps/') || (path.startsWith('prebuilds/') && path !== `prebuilds/${os}-${arch}.node`),
  'apache-arrow': (path) => /\.min\.js$|^bin\//.test(path),
};

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** All files of the app. Throws where the pages have not been built. */
export function collectFiles(root: string, platform: Platform): AppFile[] {
  if (!existsSync(join(root, 'dist/renderer/index.html'))) throw new Error('build the pages first: npm run build');
  const own = ['engine', 'main', 'resources/samples', 'dist/renderer'].flatMap((folder) =>
    [...below(join(root, folder))].map((path) => posix.join(folder, path)),
  );
  const parts = own
    .filter((path) => !/\.(?:md|snap)$/.test(path) && !path.startsWith('main/packaging/'))
    .concat('package.json', 'LICENSE')
    .map((path) => ({ path, from: join(root, path) }));
  return [...parts, ...packageFiles(root, platform)].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The packages that package.json's `dependencies` reach, each at its place below node_modules. */
function packageFiles(root: string, platform: Platform): AppFile[] {
  const folders = new Set<string>();
  const visit = (folder: string): void => {
    const about = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
    for (const name of Object.keys({ ...about.dependencies, ...about.optionalDependencies })) {
      const found = installOnly.has(name) ? undefined : locate(root, folder, name);
      if (found === undefined || folders.has(found)) continue;
      folders.add(found);
      visit(found);
    }
  };
  visit('');
  return [...folders].flatMap((folder) => {
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const away = elsewhere[name];
    return [...below(join(root, folder), ['node_modules'])]
      .filter((path) => (runs.test(path) || licence.test(posix.basename(path))) && !away?.(path, platform))
      .map((path) => ({ path: posix.join(folder, path), from: join(root, folder, path) }));
  });
}

/** A package's folder as Node would find it from another's; undefined for an optional one that is not there. */
function locate(root: string, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    const folder = posix.join(at, 'node_modules', name);
    if (existsSync(join(root, folder, 'package.json'))) return folder;
    if (at === '') return undefined;
  }
}

/** Paths of the files below a folder, with slashes. */
function* below(folder: string, without: string[] = [], prefix = ''): Generator<string> {
  for (const name of readdirSync(join(folder, prefix)).sort()) {
    if (without.includes(name)) continue;
    const path = posix.join(prefix, name);
    if (statSync(join(folder, path)).isDirectory()) yield* below(folder, without, path);
    else yield path;
  }
}
