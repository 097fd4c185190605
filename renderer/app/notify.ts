// An alert on the desktop: the system's own notification where the person allowed it, and a message in the window always.
import { showToast } from '../parts/toasts.ts';

/** Shows an alert that asked for the desktop. */
export function notifyAlert(name: string, deployment: string, message: string): void {
  const title = `${name}: ${deployment}`;
  showToast({ kind: 'problem', title, detail: message }, 30);
  if (!('Notification' in window)) return;
  if (Notification.permission !== 'granted') return;
  new Notification(title, { body: message }).addEventListener('click', () => window.focus());
}

/** Asks once, when somebody makes an alert for the desktop. */
export async function allowNotifications(): Promise<void> {
  if ('Notification' in window && Notification.permission === 'default') await Notification.requestPermission();
}
