// What identifies people or opens doors, found on a sample of the user's own rows, and masking it before anyone trains on it.
import { Button, Checkbox, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { MaskAction } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { Icon } from '../parts/Icon.tsx';
import { Problem, Section, Waiting } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { askQuality, refresh, useReshape } from './quality.ts';

const actions: readonly MaskAction[] = ['replace', 'redact', 'hash', 'remove'];

export function Privacy({ id, sha, versions }: { id: string; sha: string | undefined; versions: number }) {
  const { t, f } = useWords();
  const [action, setAction] = useState<MaskAction>('replace');
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const found = useQuery(askQuality.sensitive(id, sha, action));
  const reshape = useReshape(id);
  const [gone, setGone] = useState<unknown>();
  const columns = found.data?.columns ?? [];
  const chosen = columns.filter(({ column }) => !left.has(column)).map(({ column }) => column);
  const toggle = (column: string) => {
    const next = new Set(left);
    if (!next.delete(column)) next.add(column);
    setLeft(next);
  };
  const forget = () => {
    api.call('datasets.versions.forget', { params: { id }, body: {} }).then(
      () => refresh(id),
      (error: unknown) => setGone(error),
    );
  };
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
                    <Checkbox label={column} checked={!left.has(column)} onChange={() => toggle(column)} />
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
      {gone ? <Problem error={gone} /> : null}
      <div className="toolbar">
        {columns.length > 0 ? (
          <Button
            variant="filled"
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
