// The short messages at the foot of the window, and deletions that can be undone while their message is shown. State
// only; Toasts.tsx draws them.

export interface Toast {
  id: number;
  kind: 'done' | 'problem' | 'progress' | 'undo';
  title: string;
  detail?: string;
  /** 0 to 1, for `progress`. */
  share?: number;
  /** What the button of the toast does, beside closing it. */
  action?: { label: string; run: () => void };
}

let toasts: readonly Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function set(value: readonly Toast[]): void {
  toasts = value;
  for (const listener of listeners) listener();
}

export const toastStore = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  now: (): readonly Toast[] => toasts,
};

/** Shows a toast and returns its id; it goes by itself after `seconds`, or stays when that is 0. */
export function showToast(toast: Omit<Toast, 'id'>, seconds = toast.kind === 'problem' ? 12 : 5): number {
  const id = next;
  next += 1;
  set([...toasts, { ...toast, id }]);
  if (seconds > 0) setTimeout(() => dropToast(id), seconds * 1000);
  return id;
}

/** Changes a toast that is shown. */
export function patchToast(id: number, change: Partial<Toast>): void {
  set(toasts.map((toast) => (toast.id === id ? { ...toast, ...change } : toast)));
}

export function dropToast(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}
