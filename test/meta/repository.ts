// What the tests of the repository look at: its tracked TypeScript files and what each imports.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** Files that git tracks, or would track once added. */
export const tracked: string[] = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

export const sources: string[] = tracked.filter((path) => /\.tsx?$/.test(path));

export interface Import {
  file: string;
  line: number;
  specifier: string;
  typeOnly: boolean;
  /** `import()`: loaded when it is first needed. */
  dynamic: boolean;
}

/** Every static and dynamic import and re-export of a file. */
export function importsOf(file: string): Import[] {
  const text = read(file);
  const pattern =
    /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    line: text.slice(0, match.index).split('\n').length + (match[0].startsWith('\n') ? 1 : 0),
    specifier: match[3] ?? match[4] ?? '',
    typeOnly: match[2] !== undefined,
    dynamic: match[4] !== undefined,
  }));
}
