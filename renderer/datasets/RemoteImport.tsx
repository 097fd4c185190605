// A dataset from another machine: its address, what to select where it is a database, and the machines that may be read from,
// with the secrets that the vault keeps for them.
import { ActionIcon, Button, Select, Textarea, TextInput } from '@mantine/core';
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { credentialKinds, type CredentialView } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { queryClient } from '../app/queries.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Problem } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { hostWords } from '../words/hosts.ts';
import { language } from '../words/index.ts';

const askHosts = queryOptions({ queryKey: ['credentials'], queryFn: () => api.call('credentials.list') });
const refreshHosts = () => queryClient.invalidateQueries({ queryKey: askHosts.queryKey });

export function RemoteImport({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const hosts = useQuery(askHosts).data?.items ?? [];
  const [url, setUrl] = useState('');
  const [query, setQuery] = useState('');
  const [name, setName] = useState('');
  const [host, setHost] = useState<string | null>(null);
  const isDatabase = /^postgres/i.test(url.trim());
  const start = useMutation({
    mutationFn: () =>
      api.call('datasets.import', {
        body: {
          url: url.trim(),
          ...(host ? { credential: host } : {}),
          ...(isDatabase && query.trim() ? { query } : {}),
          ...(name.trim() ? { name: name.trim() } : {}),
        },
      }),
    onSuccess: (dataset) => {
      onClose();
      void navigate({ to: '/datasets/$id', params: { id: dataset.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate();
  };
  return (
    <Dialog onClose={onClose} title={t('import.fromHost')} size={640}>
      <form className="form" onSubmit={submit}>
        <p className="soft">{t('import.fromHostWords')}</p>
        <TextInput
          label={t('import.url')}
          description={t('import.urlWords')}
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          spellCheck={false}
          required
          data-autofocus
        />
        {isDatabase ? (
          <Textarea
            label={t('import.query')}
            placeholder="SELECT * FROM patients WHERE year > 2020"
            value={query}
            onChange={(event) => setQuery(event.currentTarget.value)}
            spellCheck={false}
            autosize
            minRows={2}
            required
            styles={{ input: { fontFamily: 'var(--mono)' } }}
          />
        ) : null}
        <TextInput
          label={t('import.as')}
          placeholder={t('import.asFile')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {hosts.length > 0 ? (
          <Select
            label={t('import.host')}
            placeholder={t('import.hostFound')}
            data={hosts.map((one) => ({ value: one.name, label: `${one.name} (${one.endpoint})` }))}
            value={host}
            onChange={setHost}
            clearable
          />
        ) : (
          <p className="quiet">{t('import.noHosts')}</p>
        )}
        {start.error ? <Problem error={start.error} /> : null}
        <div className="form-end">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" variant="filled" loading={start.isPending} disabled={url.trim() === ''}>
            {t('import.start')}
          </Button>
        </div>
      </form>
      <Hosts suggested={originOf(url)} />
    </Dialog>
  );
}

const noHost = { name: '', kind: 'none' as CredentialView['kind'], endpoint: '', user: '', secret: '', region: '' };

/** Scheme, host and port of an address that has them as its own, or nothing. */
const originOf = (address: string): string =>
  /^(?:https?|postgres(?:ql)?):\/\/[^/?#@\s]+/i.exec(address.trim())?.[0].replace(/\/+$/, '') ?? '';

/** The machines that may be read from, and a form for another. */
function Hosts({ suggested }: { suggested: string }) {
  const { t } = useWords();
  const own = hostWords[language() === 'zh-CN' ? 'zh-CN' : 'en'];
  const hosts = useQuery(askHosts).data?.items ?? [];
  const [draft, setDraft] = useState<typeof noHost>();
  const change = (part: Partial<typeof noHost>) => setDraft((before) => ({ ...(before ?? noHost), ...part }));
  const save = useMutation({
    mutationFn: ({ name, kind, endpoint, user, secret, region }: typeof noHost) =>
      api.call('credentials.set', {
        body: {
          name: name.trim(),
          kind,
          endpoint: endpoint.trim(),
          ...(user ? { user } : {}),
          ...(secret ? { secret } : {}),
          ...(region ? { region } : {}),
        },
      }),
    onSuccess: () => {
      setDraft(undefined);
      return refreshHosts();
    },
  });
  const remove = useMutation({
    mutationFn: (name: string) => api.call('credentials.remove', { params: { name } }),
    onSuccess: refreshHosts,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (draft) save.mutate(draft);
  };
  const kind = draft?.kind ?? 'none';
  return (
    <section aria-label={own.title} className="hosts">
      <h3>{own.title}</h3>
      {hosts.length > 0 ? (
        <ul className="plain">
          {hosts.map((one) => (
            <li key={one.name} className="toolbar">
              <strong>{one.name}</strong>
              <code>{one.endpoint}</code>
              <span className="quiet grow">
                {own[`kind.${one.kind}`]}
                {one.user ? `: ${one.user}` : ''}
              </span>
              <ActionIcon
                aria-label={own.remove.replace('{{name}}', one.name)}
                title={own.remove.replace('{{name}}', one.name)}
                onClick={() => remove.mutate(one.name)}
              >
                <Icon name="trash" size={15} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      ) : null}
      {draft ? (
        <form className="form" onSubmit={submit} autoComplete="off">
          <div className="settings-grid">
            <TextInput
              label={own.name}
              placeholder="lab"
              value={draft.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
              required
            />
            <TextInput
              label={own.endpoint}
              placeholder="https://minio.lab:9000"
              value={draft.endpoint}
              onChange={(event) => change({ endpoint: event.currentTarget.value })}
              spellCheck={false}
              required
            />
            <Select
              label={own.kind}
              data={credentialKinds.map((value) => ({ value, label: own[`kind.${value}`] }))}
              value={kind}
              onChange={(value) => change({ kind: value ?? 'none' })}
              allowDeselect={false}
            />
            {kind === 'basic' || kind === 's3' || kind === 'postgres' ? (
              <TextInput
                label={own.user}
                value={draft.user}
                onChange={(event) => change({ user: event.currentTarget.value })}
                autoComplete="off"
                spellCheck={false}
              />
            ) : null}
            {kind === 'none' ? null : (
              <TextInput
                type="password"
                label={own.secret}
                description={own.secretWords}
                value={draft.secret}
                onChange={(event) => change({ secret: event.currentTarget.value })}
                autoComplete="new-password"
              />
            )}
            {kind === 's3' ? (
              <TextInput
                label={own.region}
                placeholder="us-east-1"
                value={draft.region}
                onChange={(event) => change({ region: event.currentTarget.value })}
              />
            ) : null}
          </div>
          {save.error ? <Problem error={save.error} /> : null}
          <div className="form-end">
            <Button onClick={() => setDraft(undefined)}>{t('cancel')}</Button>
            <Button type="submit" variant="filled" loading={save.isPending}>
              {own.add}
            </Button>
          </div>
        </form>
      ) : (
        <Button onClick={() => change({ endpoint: suggested })}>{own.add}</Button>
      )}
      {remove.error ? <Problem error={remove.error} /> : null}
    </section>
  );
}
