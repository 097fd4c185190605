// What identifies people or opens doors, found on a sample of the user's own rows, and masking it before anyone trains on it.
import { Button, Checkbox, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { MaskAction } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { Icon } from '../parts/Icon.tsx';
import { Problem, Section, Waiting } from '../parts/Page.tsx';
import { removeLater } from '../parts/removal.ts';
import { useWords } from '../parts/words.ts';
import { askQuality, refresh, useReshape } from './quality.ts';

const actions: readonly MaskAction[] = ['replace', 'redact', 'hash', 'remove'];

export function Privacy({ id, sha, versions }: { id: string; sha: string | undefined; versions: number }) {
  const { t, f } = useWords();
  const [action, setAction] = useState<MaskAction>('replace');
  /** Columns whose tick is not as it stood at first. */
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const found = useQuery(askQuality.sensitive(id, sha, action));
  const reshape = useReshape(id);
  const columns = found.data?.columns ?? [];
  // What stands in a masked column looks like what was there: it is not masked once more unless somebody wants it.
  const steps = useQuery(askQuality.recipe(id)).data?.steps ?? [];
  const masked = new Set(steps.flatMap((step) => (step.op === 'mask' ? step.columns : [])));
  const isChosen = (column: string) => masked.has(column) === turned.has(column);
  const chosen = columns.filter(({ column }) => isChosen(column)).map(({ column }) => column);
  const toggle = (column: string) => {
    const next = new Set(turned);
    if (!next.delete(column)) next.add(column);
    setTurned(next);
  };
  const forget = () =>
    removeLater(
      `versions of ${id}`,
      id,
      () => api.call('datasets.versions.forget', { params: { id }, body: {} }).then(() => refresh(id)),
      t('privacy.forgot'),
    );
  if (found.error) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  return (
    <Section
      title={t('privacy.title')}
      note={
        found.data
          ? t('privacy.sample', { sampled: f.count(found.data.sampled), rows: f.count(found.data.rows) })
          : undefined
      }
    >
      <div className="toolbar">
        <SegmentedControl
          aria-label={t('privacy.action')}
          value={action}
          onChange={(value) => setAction(value)}
          data={actions.map((one) => ({ value: one, label: t(`mask.${one}`) }))}
        />
        <span className="quiet">{t(`mask.${action}.words`)}</span>
      </div>
      {found.isPending ? <Waiting /> : null}
      {found.data && columns.length === 0 ? (
        <p className="fine">
          <Icon name="shield" size={14} /> {t('privacy.none')}
        </p>
      ) : null}
      {columns.length > 0 ? (
        <div className="scroll-x">
          <table className="plain privacy">
            <thead>
              <tr>
                <th scope="col">{t('privacy.column')}</th>
                <th scope="col">{t('privacy.found')}</th>
                <th scope="col">{t('privacy.example')}</th>
              </tr>
            </thead>
            <tbody>
              {columns.map(({ column, looked, kinds, examples }) => (
                <tr key={column}>
                  <th scope="row">
                    <Checkbox label={column} checked={isChosen(column)} onChange={() => toggle(column)} />
                    {masked.has(column) ? <span className="chip">{t('privacy.masked')}</span> : null}
                  </th>
                  <td>
                    {kinds.map(({ kind, rows, confidence, doubtful }) => (
                      <div key={kind} className="kind">
                        <span className="strong">{t(`kind.${kind}`)}</span>
                        <span className="num">
                          {f.percent(rows / Math.max(1, looked), rows < looked / 100 ? 1 : 0)}
                        </span>
                        <span className="quiet" title={t('privacy.confidenceWords')}>
                          {t('privacy.confidence', { share: f.percent(confidence) })}
                          {doubtful > 0 ? ` · ${t('privacy.doubtful', { rows: f.count(doubtful) })}` : ''}
                        </span>
                      </div>
                    ))}
                  </td>
                  <td>
                    {examples.slice(0, 2).map(({ before, after }) => (
                      <div key={before} className="example">
                        <span className="quiet">{before}</span>
                        <span>{after}</span>
                      </div>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {reshape.error ? <Problem error={reshape.error} /> : null}
      <div className="toolbar">
        {columns.length > 0 ? (
          <Button
            variant={chosen.length === 0 ? 'default' : 'filled'}
            loading={reshape.isPending}
            disabled={chosen.length === 0}
            onClick={() => reshape.mutate([{ op: 'mask', action, columns: chosen }])}
          >
            {t('privacy.apply', { count: chosen.length })}
          </Button>
        ) : null}
        {versions > 1 ? (
          <>
            <Button onClick={forget}>{t('privacy.forget')}</Button>
            <span className="quiet">{t('privacy.forgetWords')}</span>
          </>
        ) : (
          <span className="quiet">{t('privacy.keeps')}</span>
        )}
      </div>
    </Section>
  );
}
