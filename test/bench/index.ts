// `npm run bench -- NAME`: runs one benchmark by its path below test/bench, e.g. `serve/overhead`. Without a name, lists them.
// Every benchmark measures a peer in the same run and prints ratios; none is an assertion.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const names = globSync('*/*.ts', { cwd: here })
  .map((file) => file.replace(/\.ts$/, ''))
  .sort();
const [name, ...rest] = process.argv.slice(2);
if (name && names.includes(name)) {
  const ran = spawnSync(process.execPath, [join(here, `${name}.ts`), ...rest], { stdio: 'inherit' });
  process.exitCode = ran.status ?? 1;
} else {
  if (name) console.error(`there is no benchmark ${name}; these are:`);
  console.log(names.join('\n'));
  process.exitCode = name ? 2 : 0;
}
