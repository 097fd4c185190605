// What the model said of each row of its test part: curves of a class against the rest, and the rows that it misjudged, those
// it was surest of first. Which class and which cell are looked at survives a reload.
import { Button, Select } from '@mantine/core';
import { useSessionStorage } from '@mantine/hooks';
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Fault } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { Cloud } from '../charts/Cloud.tsx';
import { Square } from '../charts/Square.tsx';
import { Problem } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

/** A cell of the confusion matrix. */
export interface Chosen {
  truth: string;
  predicted: string;
}

/** The cell that is looked at in a run's report, kept by this tab. */
export function useChosen(run: string): [Chosen | null, (chosen: Chosen | null) => void] {
  const [chosen, setChosen] = useSessionStorage<Chosen | null>({
    key: `neutrino.judged.${run}`,
    defaultValue: null,
    getInitialValueInEffect: false,
  });
  return [chosen, setChosen];
}

/** The class whose curves are looked at in a run's report, kept by this tab; empty stands for the first. */
export function useCurveClass(run: string): [string, (label: string) => void] {
  const [label, setLabel] = useSessionStorage({
    key: `neutrino.curve-class.${run}`,
    defaultValue: '',
    getInitialValueInEffect: false,
  });
  return [label, setLabel];
}

const still = { staleTime: Number.POSITIVE_INFINITY, retry: false };
const diagonal = [
  [0, 0],
  [1, 1],
] as const;

/** Runs of before kept no scores, a deleted model takes them along, not every role may read rows: nothing is wrong, there is nothing to show. */
const isAbsent = (error: unknown): boolean =>
  error instanceof Fault && (error.code === 'not_found' || error.code === 'forbidden');

/** ROC, precision over recall and reliability of a class that can be chosen; of a quantity, predictions over truths. */
export function Curves({ run, weights }: { run: string; weights: string }) {
  const { t, f } = useWords();
  const asked = queryOptions({
    queryKey: ['outcomes', run, weights],
    queryFn: () => api.call('runs.outcomes', { params: { id: run } }),
    ...still,
  });
  const { data, error } = useQuery(asked);
  const [label, setLabel] = useCurveClass(run);
  if (error) return isAbsent(error) ? null : <Problem error={error} />;
  if (!data) return null;
  const { curves, points, kept, of } = data;
  const part = kept < of ? t('outcomes.part', { kept: f.count(kept), of: f.count(of) }) : '';
  if (points.length > 0) {
    return (
      <div className="outcomes">
        <h3>{t('outcomes.cloud')}</h3>
        <Cloud points={points} label={t('outcomes.cloud')} x={t('report.truth')} y={t('report.predicted')} />
        {part ? <p className="quiet small">{part}</p> : null}
      </div>
    );
  }
  const curve = curves.find((one) => one.label === label) ?? curves[0];
  if (!curve || curve.roc.length === 0) return null;
  const rate = curve.support / kept;
  const filled = curve.calibration.filter((bin) => bin.count > 0);
  return (
    <div className="outcomes">
      <div className="outcomes-head">
        <h3>{t('outcomes.curves')}</h3>
        {curves.length > 1 ? (
          <Select
            aria-label={t('outcomes.class')}
            data={curves.map((one) => one.label)}
            value={curve.label}
            onChange={(value) => setLabel(value ?? '')}
            allowDeselect={false}
            w={180}
            size="xs"
          />
        ) : (
          <span className="chip">{curve.label}</span>
        )}
        <span className="quiet small">{t('outcomes.against', { count: curve.support })}</span>
        {part ? <span className="quiet small">{part}</span> : null}
      </div>
      <div className="outcomes-grid">
        <figure>
          <Square
            label={t('outcomes.roc')}
            points={curve.roc}
            ideal={diagonal}
            x={t('outcomes.fpr')}
            y={t('outcomes.tpr')}
          />
          <figcaption>
            {t('outcomes.roc')} · <b>{t('outcomes.area', { area: f.figure(curve.auc) })}</b>
          </figcaption>
        </figure>
        <figure>
          <Square
            label={t('outcomes.pr')}
            points={curve.pr}
            ideal={[
              [0, rate],
              [1, rate],
            ]}
            x={t('report.recall')}
            y={t('report.precision')}
          />
          <figcaption>
            {t('outcomes.pr')} · <b>{t('outcomes.ap', { ap: f.figure(curve.ap) })}</b>
          </figcaption>
        </figure>
        <figure>
          <Square
            label={t('outcomes.reliability')}
            points={filled.map((bin) => [bin.confidence, bin.accuracy])}
            counts={filled.map((bin) => bin.count)}
            ideal={diagonal}
            x={t('outcomes.score')}
            y={t('outcomes.share')}
          />
          <figcaption>{t('outcomes.reliability')}</figcaption>
        </figure>
      </div>
    </div>
  );
}

const most = 60;
const clipped = (value: string | number | boolean | null): string => {
  const text = value === null ? '' : String(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
};

/** The rows of a cell of the confusion matrix, or all that were misjudged; of a quantity, those furthest off. */
export function Misjudged({
  run,
  weights,
  chosen,
  onChoose,
}: {
  run: string;
  /** Of the model that judged: a run that goes on makes another. */
  weights: string;
  chosen: Chosen | null;
  onChoose: (chosen: Chosen | null) => void;
}) {
  const { t, f } = useWords();
  const [limit, setLimit] = useState(10);
  const { data, error } = useQuery({
    queryKey: ['judged', run, weights, chosen, limit],
    queryFn: () => api.call('runs.judged', { params: { id: run }, query: { ...chosen, limit } }),
    placeholderData: keepPreviousData,
    ...still,
  });
  if (error) return isAbsent(error) ? null : <Problem error={error} />;
  if (!data) return null;
  const { rows, columns, total, dataset } = data;
  const isClass = rows.every((row) => row.confidence !== undefined);
  const say = (value: string | number): string => (typeof value === 'number' ? f.figure(value) : value);
  const title = chosen
    ? t(chosen.truth === chosen.predicted ? 'judged.hits' : 'judged.cell', { ...chosen })
    : t(isClass ? 'judged.title' : 'judged.far');
  return (
    <section className="judged" aria-label={title} data-testid="judged">
      <div className="outcomes-head">
        <h3>{title}</h3>
        <span className="quiet small">{t('judged.count', { count: total, shown: f.count(total) })}</span>
        {chosen ? (
          <Button size="compact-xs" variant="subtle" onClick={() => onChoose(null)}>
            {t('judged.all')}
          </Button>
        ) : null}
        <Link to="/datasets/$id" params={{ id: dataset.id }} className="small">
          {t('judged.from', { name: dataset.name })}
        </Link>
      </div>
      {rows.length === 0 ? (
        <p className="quiet small">{t('judged.none')}</p>
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
        <section className="scroll-x" tabIndex={0} aria-label={title}>
          <table className="plain rows">
            <thead>
              <tr>
                <th scope="col" className="num">
                  {t('judged.row')}
                </th>
                <th scope="col">{t('report.truth')}</th>
                <th scope="col">{t('report.predicted')}</th>
                <th scope="col" className="num">
                  {t(isClass ? 'judged.sure' : 'judged.off')}
                </th>
                {columns.map((column, index) => (
                  <th
                    key={column}
                    scope="col"
                    className={typeof rows[0]?.cells[index] === 'number' ? 'num' : undefined}
                  >
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.row}>
                  <th scope="row" className="num">
                    {f.count(row.row + 1)}
                  </th>
                  <td>{say(row.truth)}</td>
                  <td>
                    <b>{say(row.predicted)}</b>
                  </td>
                  <td className="num">
                    {row.confidence === undefined
                      ? f.figure(Number(row.predicted) - Number(row.truth))
                      : f.percent(row.confidence, 0)}
                  </td>
                  {row.cells.map((cell, index) => (
                    <td
                      key={columns[index]}
                      className={typeof cell === 'number' ? 'num' : 'cell'}
                      title={clipped(cell)}
                    >
                      {typeof cell === 'number' ? f.figure(cell) : clipped(cell)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {total > rows.length && limit < most ? (
        <Button size="compact-xs" variant="subtle" onClick={() => setLimit(most)}>
          {t('judged.more')}
        </Button>
      ) : null}
    </section>
  );
}
