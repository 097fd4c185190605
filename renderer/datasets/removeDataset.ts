// Removing a dataset, from wherever: told at once where a run still learns from it, else hidden now and erased a little later.
import { isRunOver } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { showFault } from '../parts/faultWords.ts';
import { removeLater } from '../parts/removal.ts';
import { showToast } from '../parts/toasts.ts';
import { say } from '../words/index.ts';

/** Whether it goes. */
export async function removeDataset(id: string, name: string): Promise<boolean> {
  try {
    const { items } = await api.call('runs.list', { query: { dataset: id } });
    const busy = items.find((run) => !isRunOver(run.state));
    if (busy) {
      const stop = () => {
        api.call('runs.stop', { params: { id: busy.id }, body: {} }).catch((error: unknown) => showFault(error));
      };
      const title = say('datasets.inUse', { name, run: busy.name });
      showToast({ kind: 'problem', title, action: { label: say('runs.stop'), run: stop } });
      return false;
    }
  } catch (error) {
    showFault(error);
    return false;
  }
  removeLater(id, name, () => api.call('datasets.delete', { params: { id } }));
  return true;
}
