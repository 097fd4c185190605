// Entry of the importer child: one import, told over its channel, then it ends. Keys and rows live in its memory only; it
// writes the pack it was granted and nothing else.
import { importDataset } from '../data/index.ts';
import { faultBody, type ToImporter } from '../schema/index.ts';
import { openParentLink } from './link.ts';

const link = openParentLink<'importer'>();
const cancel = new AbortController();
let begun = false;

link.onMessage((message) => {
  if (message.type === 'cancel') cancel.abort();
  else if (!begun) {
    begun = true;
    void run(message);
  }
});

async function run({ source, options, pack, lease }: Extract<ToImporter, { type: 'import' }>) {
  link.limitMemory(lease.memory);
  try {
    const imported = await importDataset({
      source,
      options,
      pack,
      threads: lease.threads,
      memory: lease.memory,
      signal: cancel.signal,
      progress: (progress) => void link.send({ type: 'progress', progress }),
    });
    await link.send({ type: 'imported', ...imported });
  } catch (error) {
    await link.send({ type: 'failed', fault: faultBody(error) });
  }
  await link.exit(0);
}
