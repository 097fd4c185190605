// Brings a .neutrino bundle in and opens the model.
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { api } from '../app/api.ts';
import { showFault } from '../parts/faultWords.ts';
import { Icon } from '../parts/Icon.tsx';
import { useWords } from '../parts/words.ts';

export function ModelImport() {
  const { t } = useWords();
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const send = useMutation({
    mutationFn: (file: File) => api.upload('models.import', file, {}),
    onSuccess: (model) => void navigate({ to: '/models/$id', params: { id: model.id } }),
    onError: (error) => showFault(error),
  });
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        accept=".neutrino,.zip"
        aria-label={t('models.import')}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) send.mutate(file);
          event.currentTarget.value = '';
        }}
      />
      <Button
        leftSection={<Icon name="upload" size={14} />}
        loading={send.isPending}
        onClick={() => input.current?.click()}
      >
        {t('models.import')}
      </Button>
    </>
  );
}
