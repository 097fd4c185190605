// A model host for a pretrained language model that is served as it was imported: its graph with a cache is built here, from
// the weights that runs begin from too. Runs only in a child process.
import { textColumn } from '../bundle/index.ts';
import type { DeviceLease, Manifest } from '../schema/index.ts';
import type { ModelHost } from './host.ts';
import { openWriterHost } from './writerHost.ts';

/** `read` gives a file of the base, undefined where it has none of that name. */
export async function openBaseHost(
  manifest: Manifest,
  read: (name: string) => Uint8Array | undefined,
  lease: Pick<DeviceLease, 'device' | 'threads'>,
): Promise<ModelHost> {
  const [{ baseFiles, generationOf, languageModelOf, openBase }, { modelOf }, { encodeModel }] = await Promise.all([
    import('../models/index.ts'),
    import('../graph/index.ts'),
    import('../onnx/index.ts'),
  ]);
  const base = openBase(
    Object.fromEntries(
      Object.values(baseFiles).flatMap((name) => {
        const bytes = read(name);
        return bytes ? [[name, bytes]] : [];
      }),
    ),
  );
  // As it was trained: a text to go on with is not taken for the beginning of a document.
  const generation = { ...generationOf(base), framed: false, column: textColumn };
  const model = encodeModel(modelOf(languageModelOf(base, true)));
  return openWriterHost({ manifest, model, generation }, lease);
}
