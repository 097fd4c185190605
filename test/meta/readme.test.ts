// README promises commands: each npm script and each neutrino verb that it names must exist.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { read, root, tracked } from './repository.ts';

const readme = read('README.md');
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts);

test('every npm script that README names exists', () => {
  const named = [...readme.matchAll(/npm (?:run (?:-s )?)([\w:-]+)/g)].map((match) => match[1] ?? '');
  expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
});

test('every verb that README shows is known to the command line', () => {
  const shown = [...readme.matchAll(/^(?:\$ )?neutrino ([a-z]+)(?: ([a-z]+))?/gm)].map((match) => [
    match[1] ?? '',
    match[2] ?? '',
  ]);
  expect(shown.length).toBeGreaterThan(5);
  const told = new Map<string, string>();
  const help = (args: string[]) => {
    const key = args.join(' ');
    const text =
      told.get(key) ??
      execFileSync(process.execPath, [join(root, 'main/cli.ts'), ...args, '--help'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    told.set(key, text);
    return text;
  };
  const top = help([]);
  for (const [verb = '', sub = ''] of shown) {
    expect(top).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
    const groups = ['datasets', 'runs', 'models', 'deployments', 'keys', 'audit', 'vault', 'experiments', 'families'];
    if (groups.includes(verb)) expect(help([verb])).toMatch(new RegExp(`^  ${sub}\\b`, 'm'));
  }
});

test('every picture and file that README links to is here', () => {
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '');
  expect(
    links.filter((link) => !tracked.some((file) => file === link || file.startsWith(`${link.replace(/\/$/, '')}/`))),
  ).toEqual([]);
});
