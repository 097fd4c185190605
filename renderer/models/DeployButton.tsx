// Serves a model under a name: a new one, or one that exists and is moved to this model.
import { Autocomplete, Button, SegmentedControl } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import type { Model } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask, queryClient } from '../app/queries.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Problem } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

/** How a model comes to a name that is served already, with what the appliance is asked for. */
const ways = {
  move: {},
  canary: { canary: { weight: 10 } },
  split: { weight: 50 },
  shadow: { shadow: true },
} as const;
type Way = keyof typeof ways;

/** A name that the address of a deployment may have. */
export function addressOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return plain === '' ? 'model' : plain;
}

export function DeployButton({ model }: { model: Model }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState(() => addressOf(model.name));
  const [way, setWay] = useState<Way>('move');
  const existing = useQuery(ask.deployments()).data?.items ?? [];
  const moved = existing.find((item) => item.name === name && item.state !== 'stopped' && item.model.id !== model.id);
  const deploy = useMutation({
    mutationFn: () => api.call('deployments.create', { body: { model: model.id, name, ...(moved ? ways[way] : {}) } }),
    onSuccess: (deployment) => {
      queryClient.setQueryData(['deployment', deployment.name], deployment);
      void queryClient.invalidateQueries({ queryKey: ['deployments'] });
      setOpen(false);
      void navigate({ to: '/deployments/$name', params: { name: deployment.name } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    deploy.mutate();
  };
  return (
    <>
      <Button variant="filled" leftSection={<Icon name="deployments" size={14} />} onClick={() => setOpen(true)}>
        {t('models.deploy')}
      </Button>
      {open ? (
        <Dialog onClose={() => setOpen(false)} title={t('deploy.title', { name: `${model.name}@${model.version}` })}>
          <form className="form" onSubmit={submit}>
            <Autocomplete
              size="xs"
              label={t('deploy.name')}
              description={`${location.origin}/api/v1/deployments/${name}/predict`}
              value={name}
              onChange={setName}
              data={existing.map((item) => item.name)}
              error={/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) ? null : t('deploy.nameRule')}
            />
            {moved ? (
              <div>
                <SegmentedControl
                  aria-label={t('deploy.way')}
                  fullWidth
                  value={way}
                  onChange={setWay}
                  data={(Object.keys(ways) as Way[]).map((value) => ({ value, label: t(`deploy.way.${value}`) }))}
                />
                <p className="soft small">
                  {t(`deploy.way.${way}.words`, { from: `${moved.model.name}@${moved.model.version}` })}
                </p>
              </div>
            ) : null}
            {deploy.error ? <Problem error={deploy.error} /> : null}
            <div className="form-end">
              <Button onClick={() => setOpen(false)}>{t('cancel')}</Button>
              <Button type="submit" variant="filled" data-autofocus loading={deploy.isPending}>
                {moved ? t(`deploy.way.${way}`) : t('models.deploy')}
              </Button>
            </div>
          </form>
        </Dialog>
      ) : null}
    </>
  );
}
