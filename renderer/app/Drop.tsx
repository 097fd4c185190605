// A file or a folder dropped anywhere is imported. Shows a veil while one is carried over the window.
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { Icon } from '../parts/Icon.tsx';
import { useWords } from '../parts/words.ts';
import { chosenFiles, droppedFiles, type FolderFile } from './folders.ts';
import { importFile, importFolder } from './imports.ts';

const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

/** Imports files and folders one after another and opens the first. */
export function useImport(): (files: Iterable<File>, folders?: readonly FolderFile[][]) => Promise<void> {
  const navigate = useNavigate();
  return async (files, folders = []) => {
    const list = [
      ...[...files].map((file) => () => importFile(file)),
      ...folders.map((own) => () => importFolder(own)),
    ];
    for (const [index, send] of list.entries()) {
      const dataset = await send();
      if (dataset && index === 0) {
        if (list.length > 1) void navigate({ to: '/datasets' });
        else void navigate({ to: '/datasets/$id', params: { id: dataset.id } });
      }
    }
  };
}

/** The veil and its listeners on the window, and the one file chooser. */
export function Drop() {
  const { t } = useWords();
  const depth = useRef(0);
  const [over, setOver] = useState(false);
  const send = useImport();
  const latest = useRef(send);
  useEffect(() => {
    latest.current = send;
  });

  useEffect(() => {
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth.current += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth.current = Math.max(0, depth.current - 1);
      if (depth.current === 0) setOver(false);
    };
    const hover = (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth.current = 0;
      setOver(false);
      const items = event.dataTransfer?.items;
      if (items) void droppedFiles(items).then(({ files, folders }) => latest.current(files, folders));
    };
    addEventListener('dragenter', enter);
    addEventListener('dragleave', leave);
    addEventListener('dragover', hover);
    const paste = (event: ClipboardEvent) => {
      const target = event.target as HTMLElement | null;
      if (target?.closest('input, textarea, [contenteditable]')) return;
      const files = [...(event.clipboardData?.files ?? [])];
      const text = event.clipboardData?.getData('text/plain') ?? '';
      // A copied table has rows and columns; a sentence has neither.
      const isTable = /^\s*[[{]/.test(text) || /[\t,;|].*\n./.test(text);
      if (files.length === 0 && !isTable) return;
      event.preventDefault();
      void latest.current(files.length > 0 ? files : [new File([text], 'pasted.csv', { type: 'text/csv' })]);
    };
    addEventListener('drop', drop);
    addEventListener('paste', paste);
    return () => {
      removeEventListener('paste', paste);
      removeEventListener('dragenter', enter);
      removeEventListener('dragleave', leave);
      removeEventListener('dragover', hover);
      removeEventListener('drop', drop);
    };
  }, []);

  return (
    <>
      <input
        id={chooser}
        type="file"
        multiple
        hidden
        aria-label={t('import.choose')}
        accept=".csv,.tsv,.txt,.json,.jsonl,.ndjson,.gz,.zst,.parquet,.arrow,.feather,.xlsx,.db,.sqlite,.sqlite3,.zip"
        onChange={(event) => {
          void send(event.currentTarget.files ?? []);
          event.currentTarget.value = '';
        }}
      />
      <input
        id={folderChooser}
        type="file"
        hidden
        aria-label={t('import.folder')}
        // A folder with all that is below it; React knows the attribute by no other name.
        {...{ webkitdirectory: '' }}
        onChange={(event) => {
          void send([], [chosenFiles(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
      {over ? (
        <div className="veil" aria-hidden="true">
          <div>
            <Icon name="upload" size={36} />
            <p>{t('import.drop')}</p>
          </div>
        </div>
      ) : null}
    </>
  );
}

/** The file chooser that the import buttons, the palette and the keyboard open. */
const chooser = 'import-files';
const folderChooser = 'import-folder';
/** Opens the dialog that chooses a folder. */
export const chooseFolder = (): void => document.getElementById(folderChooser)?.click();

/** A button that opens the file chooser. */
export function ImportButton({ primary = false }: { primary?: boolean }) {
  const { t } = useWords();
  return (
    <Button
      variant={primary ? 'filled' : 'default'}
      leftSection={<Icon name="upload" size={14} />}
      onClick={() => document.getElementById(chooser)?.click()}
    >
      {t('import.choose')}
    </Button>
  );
}
