// Draws the toasts; polite to screen readers, above everything, never over the controls at the top.
import { ActionIcon, Button } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { Icon } from './Icon.tsx';
import { dropToast, toastStore } from './toasts.ts';
import { useWords } from './words.ts';

export function Toasts() {
  const { t, said } = useWords();
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.now);
  return (
    <div className="toasts" aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.id} className={`toast ${toast.kind}`} role={toast.kind === 'problem' ? 'alert' : 'status'}>
          <div className="toast-words">
            <strong>{toast.title}</strong>
            {toast.detail ? <p>{said(toast.detail)}</p> : null}
            {toast.kind === 'progress' ? (
              <progress max={1} value={toast.share} aria-label={toast.title} className="bar" />
            ) : null}
          </div>
          {toast.action ? (
            <Button
              size="compact-xs"
              onClick={() => {
                toast.action?.run();
                dropToast(toast.id);
              }}
            >
              {toast.action.label}
            </Button>
          ) : null}
          <ActionIcon aria-label={t('close')} onClick={() => dropToast(toast.id)}>
            <Icon name="close" size={14} />
          </ActionIcon>
        </div>
      ))}
    </div>
  );
}
