// Sends files to the appliance as datasets, with progress, and says how it went. Used by the drop zone, the import
// button and Home.
import type { Dataset } from '../../engine/schema/index.ts';
import { showFault } from '../parts/faultWords.ts';
import { dropToast, patchToast, showToast } from '../parts/toasts.ts';
import { say } from '../words/index.ts';
import { api } from './api.ts';

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
