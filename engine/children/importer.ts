// Entry of the importer child: one import of a dataset or a pretrained model, told over its channel, then it ends. Keys and
// rows live in its memory only; it writes the pack it was granted and nothing else.
import { importDataset } from '../data/index.ts';
import { sizeOf } from '../onnx/index.ts';
import { faultBody, type ToImporter } from '../schema/index.ts';
import { createPack } from '../store/index.ts';
import { openParentLink } from './link.ts';

const link = openParentLink<'importer'>();
const cancel = new AbortController();
let begun = false;

link.onMessage((message) => {
  if (message.type === 'cancel') cancel.abort();
  else if (!begun) {
    begun = true;
    void (message.type === 'adopt' ? adopt(message) : run(message));
  }
});

/** Tensors of a folder that are named when nothing uses them. */
const mostUnused = 20;

async function adopt({ folder, pack, lease }: Extract<ToImporter, { type: 'adopt' }>) {
  link.limitMemory(lease.memory);
  try {
    // Datasets, which most imports are, do without it.
    const { baseOf, packBase, readPretrained } = await import('../models/index.ts');
    const model = readPretrained(folder);
    const base = baseOf(model);
    const writer = createPack(pack.path, pack);
    for (const [name, bytes] of Object.entries(packBase(base))) writer.append(name, bytes);
    const { bytes, sha256 } = writer.finish();
    const { architecture, takes, maxLength } = base.about;
    const parameters = base.graph.parameters.map((name) => sizeOf(base.graph.initializers.get(name)?.dims ?? []));
    const info = {
      architecture,
      takes,
      parameters: parameters.reduce((sum, size) => sum + size, 0),
      ...(maxLength === undefined ? {} : { maxLength }),
      unused: model.unused.slice(0, mostUnused),
    };
    await link.send({ type: 'adopted', info, bytes, sha256 });
  } catch (error) {
    await link.send({ type: 'failed', fault: faultBody(error) });
  }
  await link.exit(0);
}

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
