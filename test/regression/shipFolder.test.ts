// neutrino deploy --target kubernetes --out . wrote its README.md over the one that lay there.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyFolder } from '../../main/emptyFolder.ts';

test('files go into new and empty folders only', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-ship-'));
  try {
    await emptyFolder(join(dir, 'new', 'deep'));
    await emptyFolder(join(dir, 'new', 'deep'));
    expect(readdirSync(dir)).toEqual(['new']);
    await expect(emptyFolder(dir)).rejects.toMatchObject({ code: 'conflict' });
    writeFileSync(join(dir, 'file'), '');
    await expect(emptyFolder(join(dir, 'file', 'x'))).rejects.toMatchObject({ code: 'not_writable' });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
