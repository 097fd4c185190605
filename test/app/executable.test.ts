// The single executable where there is nothing: a root with the C and C++ runtime, no network, no place for temporary
// programs. Needs root for the root; says why where it cannot be.
import { execFile, type ExecFileException, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const paths = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a root of its own needs Linux and root';
  const probe =
    'mount -t tmpfs tmpfs /mnt && mknod /mnt/null c 1 3 && : > /mnt/null && ip link set lo up && chroot --version';
  try {
    execFileSync('unshare', ['-n', '-m', 'sh', '-c', probe], { env: paths, stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `no namespaces here: ${(error as Error).message.split('\n')[0]}`;
  }
}

/** Everything that glibc and libstdc++ consist of, and nothing else. */
const runtime = /\/(?:ld-linux[^/]*|lib(?:c|m|dl|rt|pthread|gcc_s|stdc\+\+)\.so\.\d+)$/;

/** The libraries of the C and C++ runtime that a program or library is linked to, by their paths. */
function libraries(program: string): string[] {
  const said = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...said.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]).filter((path) => runtime.test(path));
}
const onnxruntime = `node_modules/onnxruntime-node/bin/napi-v6/linux/${process.arch}/libonnxruntime.so.1`;

const why = whyNot();
const seconds = 1000;

describe.skipIf(why)(`the single executable${why ? ` (skipped: ${why})` : ''}`, () => {
  let jail: string;

  /** Runs it inside the jail: another root, no interface but the loopback, /tmp mounted noexec. */
  const run = async (...args: string[]): Promise<string> => {
    const script = `ip link set lo up && mount -t tmpfs -o noexec tmpfs '${jail}/tmp' &&
      exec env -i PATH="$PATH" HOME=/data TMPDIR=/tmp NEUTRINO_HOME=/data/neutrino chroot '${jail}' /neutrino "$@"`;
    const options = { env: paths, maxBuffer: 64 * 1024 ** 2 };
    try {
      return (await promisify(execFile)('unshare', ['-n', '-m', 'sh', '-c', script, 'sh', ...args], options)).stdout;
    } catch (error) {
      const { code, signal, stderr, stdout } = error as ExecFileException;
      throw new Error(`${args[0]} ended with ${code ?? signal}: ${stderr}${stdout}`, { cause: error });
    }
  };

  beforeAll(async () => {
    if (!existsSync(join(root, 'dist/renderer/index.html'))) {
      await build({ configFile: join(root, 'vite.config.ts'), mode: 'production', logLevel: 'error' });
    }
    await promisify(execFile)(process.execPath, [join(root, 'main/packaging/executable.ts')]);
    const program = join(root, 'dist/headless/neutrino');
    jail = mkdtempSync(join(tmpdir(), 'neutrino-jail-'));
    for (const name of ['dev', 'tmp', 'data']) mkdirSync(join(jail, name));
    for (const from of new Set([...libraries(program), ...libraries(join(root, onnxruntime))])) {
      mkdirSync(dirname(join(jail, from)), { recursive: true });
      copyFileSync(from, join(jail, from));
    }
    // Not a file but the kernel: a child's closed streams lead there.
    execFileSync('mknod', ['-m', '666', join(jail, 'dev/null'), 'c', '1', '3'], { env: paths });
    copyFileSync(program, join(jail, 'neutrino'));
  }, 240 * seconds);
  afterAll(() => {
    if (jail) rmSync(jail, { recursive: true, force: true });
  });

  it('knows its version and lays itself out below the data directory, once', async () => {
    expect((await run('--version')).trim()).toMatch(/^\d+\.\d+\.\d+$/);
    const layouts = readdirSync(join(jail, 'data/neutrino/app'));
    expect(layouts).toHaveLength(1);
    await run('--version');
    expect(readdirSync(join(jail, 'data/neutrino/app'))).toEqual(layouts);
    expect(readdirSync(join(jail, 'tmp'))).toEqual([]);
  });

  it('runs the whole demo without a network: import, train, report, deploy, predict', {
    timeout: 300_000,
  }, async () => {
    const { run: trained, answer } = JSON.parse(await run('demo', '--exit', '--json')) as {
      run: { state: string; report: { accuracy: number } };
      answer: { outputs: { label: string }[] };
    };
    expect(trained.state).toBe('finished');
    expect(trained.report.accuracy).toBeGreaterThan(0.9);
    expect(answer.outputs[0]?.label).toBe('games');
  });

  it('backs up, and restores into an empty data directory of its own', async () => {
    const { files } = JSON.parse(await run('backup', '/data/all.backup', '--json')) as { files: number };
    expect(files).toBeGreaterThan(2);
    const restored = await run('restore', '/data/all.backup', '--data-dir', '/data/other', '--json');
    expect(JSON.parse(restored)).toMatchObject({ files });
    expect(readdirSync(join(jail, 'data/other')).sort()).toEqual(['app', 'neutrino.db', 'objects', 'vault.json']);
  });
});
