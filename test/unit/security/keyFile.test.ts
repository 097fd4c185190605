import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configDirectory } from '../../../engine/security/index.ts';

test('the configuration directory is the one each system names', () => {
  expect(configDirectory({ XDG_CONFIG_HOME: '/x/config' }, 'linux')).toBe('/x/config');
  expect(configDirectory({ XDG_CONFIG_HOME: 'relative', HOME: '/home/a' }, 'linux')).toBe('/home/a/.config');
  expect(configDirectory({}, 'linux')).toBe(join(homedir(), '.config'));
  expect(configDirectory({ HOME: '/Users/a' }, 'darwin')).toBe('/Users/a/Library/Application Support');
  expect(configDirectory({ APPDATA: 'C:\\Users\\a\\AppData\\Roaming' }, 'win32')).toBe(
    'C:\\Users\\a\\AppData\\Roaming',
  );
});
