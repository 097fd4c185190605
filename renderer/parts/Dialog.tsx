// The one dialog: a titled box above the page, closed by Escape, its cross or a click outside.
import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useWords } from './words.ts';

interface Properties {
  title: string;
  onClose: () => void;
  size?: number;
  /** Only Escape and the cross close it: what it shows cannot be had again. */
  keep?: boolean;
  children: ReactNode;
}

export function Dialog({ title, onClose, size, keep = false, children }: Properties) {
  const { t } = useWords();
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeOnClickOutside={!keep}
      closeButtonProps={{ 'aria-label': t('close') }}
      {...(size === undefined ? {} : { size })}
    >
      {children}
    </Modal>
  );
}
