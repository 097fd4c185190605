// Makes a key and shows its secret, this once.
import { Button, CopyButton, MultiSelect, NumberInput, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Role, roles } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask, queryClient } from '../app/queries.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Problem } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

export function CreateKey({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const [role, setRole] = useState<Role>('predictor');
  const [name, setName] = useState('');
  const [principal, setPrincipal] = useState('owner');
  const [days, setDays] = useState<number | undefined>();
  const [only, setOnly] = useState<string[]>([]);
  const deployments = useQuery(ask.deployments()).data?.items ?? [];
  const make = useMutation({
    mutationFn: () =>
      api.call('keys.create', {
        body: {
          role,
          name: name.trim() || 'key',
          principal: principal.trim() || 'owner',
          ...(days ? { days } : {}),
          ...(role === 'predictor' && only.length > 0 ? { deployments: only } : {}),
        },
      }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['keys'] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  const secret = make.data?.secret;
  return (
    <Dialog onClose={onClose} title={secret ? t('keys.made') : t('keys.create')} keep={secret !== undefined}>
      {secret ? (
        <div className="form">
          <p className="soft">{t('keys.once')}</p>
          <pre className="secret" data-testid="secret">
            {secret}
          </pre>
          <div className="form-end">
            <CopyButton value={secret}>
              {({ copied, copy }) => (
                <Button
                  variant="filled"
                  leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />}
                  onClick={copy}
                >
                  {copied ? t('copied') : t('copy')}
                </Button>
              )}
            </CopyButton>
            <Button onClick={onClose}>{t('done')}</Button>
          </div>
        </div>
      ) : (
        <form className="form" onSubmit={submit}>
          <TextInput
            label={t('keys.name')}
            description={t('keys.nameWords')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <Select
            label={t('keys.role')}
            description={t(`role.${role}.words`)}
            data={roles.map((value) => ({ value, label: t(`role.${value}`) }))}
            value={role}
            onChange={(value) => setRole(value ?? 'predictor')}
          />
          {role === 'predictor' && deployments.length > 0 ? (
            <MultiSelect
              label={t('keys.only')}
              placeholder={only.length > 0 ? '' : t('keys.all')}
              data={deployments.map((item) => item.name)}
              value={only}
              onChange={setOnly}
            />
          ) : null}
          <TextInput
            label={t('keys.holder')}
            description={t('keys.holderWords')}
            value={principal}
            onChange={(event) => setPrincipal(event.currentTarget.value)}
          />
          <NumberInput
            label={t('keys.days')}
            placeholder={t('never')}
            min={1}
            max={3650}
            value={days ?? ''}
            onChange={(value) => setDays(typeof value === 'number' ? value : undefined)}
          />
          {make.error ? <Problem error={make.error} /> : null}
          <div className="form-end">
            <Button onClick={onClose}>{t('cancel')}</Button>
            <Button type="submit" variant="filled" loading={make.isPending}>
              {t('keys.create')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
