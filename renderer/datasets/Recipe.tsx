// The recipe of a dataset: its steps as sentences, a form for the next one, undo and apply, and the versions that came of it.
import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { DatasetShape, RecipeStep } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { Icon } from '../parts/Icon.tsx';
import { Problem, Section, Waiting } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { askQuality, refresh, useReshape } from './quality.ts';
import { StepForm } from './StepForm.tsx';
import { useStepWords } from './stepWords.ts';

export function Recipe({ id, shape }: { id: string; shape: DatasetShape }) {
  const { t, f } = useWords();
  const say = useStepWords();
  const recipe = useQuery(askQuality.recipe(id));
  const apply = useReshape(id);
  const settled = { onSettled: () => refresh(id) };
  const add = useMutation({
    mutationFn: (step: RecipeStep) => api.call('datasets.recipe.add', { params: { id }, body: { steps: [step] } }),
    ...settled,
  });
  const undo = useMutation({
    mutationFn: () => api.call('datasets.recipe.undo', { params: { id }, body: {} }),
    onSuccess: () => add.reset(),
    ...settled,
  });
  const use = useMutation({
    mutationFn: (version: number) => api.call('datasets.versions.use', { params: { id, version }, body: {} }),
    ...settled,
  });
  if (recipe.error) return <Problem error={recipe.error} onRetry={() => void recipe.refetch()} />;
  if (!recipe.data) return <Waiting />;
  const { steps, clean, versions, version } = recipe.data;
  const error = add.error ?? apply.error ?? undo.error ?? use.error;
  return (
    <>
      <Section title={t('recipe.title')} note={t('recipe.note')}>
        {steps.length > 0 ? (
          <ol className="steps">
            {steps.map((step, i) => (
              // oxlint-disable-next-line react/no-array-index-key -- a step is its place
              <li key={i}>{say(step)}</li>
            ))}
          </ol>
        ) : (
          <p className="quiet">{t('recipe.none')}</p>
        )}
        <StepForm id={id} shape={shape} busy={add.isPending} onAdd={(step) => add.mutateAsync(step)} />
        {error ? <Problem error={error} /> : null}
        <div className="toolbar">
          <Button variant="filled" disabled={clean} loading={apply.isPending} onClick={() => apply.mutate([])}>
            {t('recipe.apply')}
          </Button>
          <Button
            disabled={steps.length === 0}
            loading={undo.isPending}
            leftSection={<Icon name="rollback" size={14} />}
            onClick={() => undo.mutate()}
          >
            {t('recipe.undo')}
          </Button>
          <span className="quiet">{clean ? t('recipe.clean', { version }) : t('recipe.dirty', { version })}</span>
        </div>
      </Section>
      <Section title={t('recipe.versions')} note={t('recipe.versionsNote')}>
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">{t('recipe.version')}</th>
              <th scope="col" className="num">
                {t('rows')}
              </th>
              <th scope="col" className="num">
                {t('columns')}
              </th>
              <th scope="col" className="num">
                {t('recipe.steps')}
              </th>
              <th scope="col">{t('created')}</th>
              <th scope="col">SHA-256</th>
              <th scope="col" aria-label={t('table.tools')} />
            </tr>
          </thead>
          <tbody>
            {versions.map((one) => (
              <tr key={one.version}>
                <th scope="row" className="strong">
                  {one.version} {one.version === version ? <span className="chip">{t('recipe.present')}</span> : null}
                </th>
                <td className="num">{f.count(one.rows)}</td>
                <td className="num">{f.count(one.columns)}</td>
                <td className="num">{one.steps.length}</td>
                <td title={f.moment(one.at)}>{f.ago(one.at)}</td>
                <td>
                  <code className="quiet">{one.sha256.slice(0, 12)}</code>
                </td>
                <td>
                  {one.version === version ? null : (
                    <Button
                      size="compact-xs"
                      variant="subtle"
                      disabled={use.isPending}
                      onClick={() => use.mutate(one.version)}
                    >
                      {t('recipe.use')}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Section>
    </>
  );
}
