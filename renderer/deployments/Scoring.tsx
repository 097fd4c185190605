// Files of rows: a CSV goes up, every row is predicted, the file with its predictions comes down.
import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import type { Scoring as ScoringRecord } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask, queryClient } from '../app/queries.ts';
import { showFault } from '../parts/faultWords.ts';
import { Section } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

/** How far a file is; that none of its rows could be predicted is no success. */
function wordsOf({ state, done }: ScoringRecord): 'score.going' | 'score.done' | 'score.nothing' {
  if (state === 'running') return 'score.going';
  return done.rows > 0 && done.failed === done.rows ? 'score.nothing' : 'score.done';
}

export function Scoring({ name }: { name: string }) {
  const { t, f, said } = useWords();
  const picker = useRef<HTMLInputElement>(null);
  const { data } = useQuery(ask.scorings(name));
  const again = () => void queryClient.invalidateQueries({ queryKey: ['scorings', name] });
  const send = useMutation({
    mutationFn: (file: File) =>
      api.upload('scoring.create', file, { params: { name }, query: { filename: file.name.slice(0, 255) } }),
    onSuccess: again,
    onError: (error) => showFault(error),
  });
  const erase = useMutation({
    mutationFn: (id: string) => api.call('scoring.delete', { params: { name, id } }),
    onSuccess: again,
    onError: (error) => showFault(error),
  });
  return (
    <Section
      title={t('score.title')}
      note={t('score.note')}
      side={
        <Button size="compact-sm" loading={send.isPending} onClick={() => picker.current?.click()}>
          {t('score.choose')}
        </Button>
      }
    >
      <input
        ref={picker}
        type="file"
        accept=".csv,text/csv"
        hidden
        aria-label={t('score.choose')}
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file) send.mutate(file);
          currentTarget.value = '';
        }}
      />
      {data && data.items.length > 0 ? (
        <ul className="reasons">
          {data.items.map((job) => (
            <li key={job.id}>
              {job.name}{' '}
              <span className="quiet">
                {job.error
                  ? said(job.error.message)
                  : t(wordsOf(job), {
                      rows: job.done.rows,
                      failed: job.done.failed,
                      share: f.percent(job.done.of === 0 ? 0 : job.done.bytes / job.done.of),
                    })}
              </span>{' '}
              {job.output === undefined ? null : (
                <a
                  href={`/api/v1/deployments/${encodeURIComponent(name)}/jobs/${encodeURIComponent(job.id)}/output`}
                  download
                >
                  {t('score.download')}
                </a>
              )}{' '}
              <Button size="compact-sm" onClick={() => erase.mutate(job.id)}>
                {t(job.state === 'running' ? 'score.stop' : 'score.erase')}
              </Button>
            </li>
          ))}
        </ul>
      ) : (
        <p className="quiet small">{t('score.none')}</p>
      )}
    </Section>
  );
}
