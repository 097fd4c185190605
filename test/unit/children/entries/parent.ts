// A process that starts a child, says the child's pid, and waits to be killed.
import { silentLog } from '../../../../engine/base/index.ts';
import { spawnChild } from '../../../../engine/children/index.ts';

const child = spawnChild('importer', {
  log: silentLog,
  memory: 512 * 1024 * 1024,
  entry: new URL('./echo.ts', import.meta.url).pathname,
});
child.onMessage(() => process.send?.(child.pid));
