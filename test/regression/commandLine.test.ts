// The command line said "(outputHelp)" when it was given no verb, and ended in a stack trace when its reader had seen enough.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const cli = ['--no-warnings', 'main/cli.ts'];

function said(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...cli, ...words], { encoding: 'utf8' });
  return [status, stdout, stderr];
}

test('a verb that is missing or wrong is answered with the help of the command it belongs to', () => {
  expect(said()).toEqual([2, '', expect.stringMatching(/^neutrino: say what to do: .*; see neutrino --help\n$/)]);
  expect(said('keys')).toEqual([
    2,
    '',
    'neutrino: say what to do: neutrino keys followed by one of create, list, revoke; see neutrino keys --help\n',
  ]);
  expect(said('runs', 'show')).toEqual([
    2,
    '',
    "neutrino: missing required argument 'run'; see neutrino runs show --help\n",
  ]);
  const json = said('keys', 'create', '--role', 'king', '--json');
  expect([json[0], JSON.parse(String(json[1])), json[2]]).toEqual([
    2,
    {
      error: {
        code: 'bad_request',
        message:
          "option '--role <role>' argument 'king' is invalid. Allowed choices are admin, trainer, deployer, predictor; see neutrino keys create --help",
      },
    },
    '',
  ]);
});

test.skipIf(process.platform === 'win32')('a reader that leaves early is no failure', () => {
  const piped = `set -o pipefail; "$0" ${cli.join(' ')} --help | true`;
  const { status, stderr } = spawnSync('bash', ['-c', piped, process.execPath], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
