// What the window says by itself: alerts that asked for the desktop, and runs that ended. The system's own notification where
// the person allowed it, and a message in the window always.
import { isRunOver, type Run } from '../../engine/schema/index.ts';
import { formatOf } from '../parts/format.ts';
import { showToast } from '../parts/toasts.ts';
import { headline } from '../runs/figures.ts';
import { language, learnSaid, said, say } from '../words/index.ts';

const wish = 'neutrino.notify';

/** Whether this browser's person wants the system's notification when a run ends. */
export const notifiesRuns = (): boolean => localStorage.getItem(wish) === 'runs';

/** Remembers the wish; asks the browser for leave where that has not been done. False when it refuses. */
export async function setNotifiesRuns(on: boolean): Promise<boolean> {
  if (!on) localStorage.removeItem(wish);
  else {
    await allowNotifications();
    if (!('Notification' in window) || Notification.permission !== 'granted') return false;
    localStorage.setItem(wish, 'runs');
  }
  return true;
}

function system(title: string, body: string, open?: string): void {
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  new Notification(title, { body }).addEventListener('click', () => {
    window.focus();
    if (open) location.hash = open;
  });
}

/** Shows an alert that asked for the desktop. */
export function notifyAlert(name: string, deployment: string, message: string): void {
  const title = `${name}: ${deployment}`;
  showToast({ kind: 'problem', title, detail: message }, 30);
  void learnSaid().then(() => system(title, said(message)));
}

/** Runs that were seen while they went on: only their end is news. */
const going = new Set<string>();

/** Says that a run ended, once, unless its own screen is looked at. */
export function noteRun(run: Run): void {
  if (!isRunOver(run.state)) return void going.add(run.id);
  if (!going.delete(run.id)) return;
  const title = say(`ended.${run.state as 'finished'}`, { name: run.name });
  const score = headline(run);
  const detail =
    run.error?.message ??
    (score?.held
      ? say('ended.score', { metric: say(`metric.${score.name}`), value: formatOf(language()).figure(score.value) })
      : '');
  const open = `#/runs/${run.id}`;
  if (notifiesRuns()) void learnSaid().then(() => system(title, said(detail), open));
  if (location.hash === open && !document.hidden) return;
  showToast(
    {
      kind: run.state === 'failed' ? 'problem' : 'done',
      title,
      detail,
      action: { label: say('ended.open'), run: () => void (location.hash = open) },
    },
    12,
  );
}

/** Asks once, when somebody makes an alert for the desktop or wants to hear of runs. */
export async function allowNotifications(): Promise<void> {
  if ('Notification' in window && Notification.permission === 'default') await Notification.requestPermission();
}
