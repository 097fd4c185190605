// Sends files to the appliance as datasets, with progress, and says how it went. Used by the drop zone, the import
// button and Home.
import type { Dataset } from '../../engine/schema/index.ts';
import { showFault } from '../parts/faultWords.ts';
import { dropToast, patchToast, showToast } from '../parts/toasts.ts';
import { say } from '../words/index.ts';
import { api } from './api.ts';
import { type FolderFile, mostFolderBytes, zipOf } from './folders.ts';

/** Uploads one file; resolves with the dataset that is being imported, or undefined when it was refused (and said so). */
export async function importFile(file: File): Promise<Dataset | undefined> {
  const toast = showToast({ kind: 'progress', title: say('import.sending', { name: file.name }), share: 0 }, 0);
  try {
    return await api.upload(
      'datasets.upload',
      file,
      { query: { filename: file.name } },
      { onProgress: (sent, total) => patchToast(toast, { share: total ? sent / total : 1 }) },
    );
  } catch (error) {
    showFault(error, file.name);
    return undefined;
  } finally {
    dropToast(toast);
  }
}

/** Packs a folder and uploads it; undefined when that was refused (and said so). */
export async function importFolder(files: readonly FolderFile[]): Promise<Dataset | undefined> {
  const name = files[0]?.path.split('/')[0] ?? '';
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  if (files.length === 0 || total > mostFolderBytes) {
    const title = files.length === 0 ? say('import.emptyFolder') : say('import.tooMuch', { most: '2 GiB' });
    showToast({ kind: 'problem', title });
    return undefined;
  }
  const toast = showToast({ kind: 'progress', title: say('import.packing', { name }), share: 0 }, 0);
  let packed: File;
  try {
    packed = await zipOf(files, (share) => patchToast(toast, { share }));
  } catch (error) {
    showFault(error, name);
    return undefined;
  } finally {
    dropToast(toast);
  }
  return importFile(packed);
}
