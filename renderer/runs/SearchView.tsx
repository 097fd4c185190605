// A search as it goes on and when it is over: the leaderboard, what the model is made of, the columns that it looks at.
import type { SearchSummary, Task } from '../../engine/schema/index.ts';
import { ShareBar } from '../charts/Bars.tsx';
import { Dependence } from './Dependence.tsx';
import { Section } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { shown } from './Plan.tsx';

/** Trials and columns shown. */
const most = 15;

function Leaderboard({ search, task }: { search: SearchSummary; task: Task | undefined }) {
  const { t, f, said } = useWords();
  const weights = new Map(search.members.map(({ id, weight }) => [id, weight]));
  const heads = [
    t('search.loss'),
    task === 'regression' || task === 'forecasting' ? 'R²' : t('metric.accuracy'),
    t('search.interval'),
    t('search.fit'),
    t('search.predict'),
    t('search.size'),
    t('search.weight'),
  ];
  return (
    <div className="scroll-x">
      <table className="plain scores">
        <thead>
          <tr>
            <th scope="col">{t('search.trial')}</th>
            <th scope="col">{t('plan.family')}</th>
            {heads.map((head) => (
              <th key={head} scope="col" className="num">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {search.rows.slice(0, most).map((row) => (
            <tr key={row.id} title={said(row.why)}>
              <th scope="row">{row.id}</th>
              <td className="ellipsis" title={shown(row.hyper)}>
                {row.family} <span className="quiet">{shown(row.hyper)}</span>
              </td>
              <td className="num">{f.figure(row.loss, 3)}</td>
              <td className="num">{f.figure(row.score, 3)}</td>
              <td className="num">
                {f.figure(row.interval[0], 3)} – {f.figure(row.interval[1], 3)}
              </td>
              <td className="num">{f.span(row.fitMs)}</td>
              <td className="num">{f.span(row.predictMs)}</td>
              <td className="num">{f.count(row.size)}</td>
              <td className="num">
                {row.state === 'finished'
                  ? weights.has(row.id)
                    ? f.percent(weights.get(row.id) ?? 0, 0)
                    : ''
                  : t(`search.${row.state}`)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Importance({ importance }: Pick<SearchSummary, 'importance'>) {
  const { t, f } = useWords();
  const top = Math.max(...importance.map(({ drop }) => drop), 1e-9);
  // Sums of roundings are not told as figures.
  const told = (value: number): string => f.figure(Math.abs(value) < 1e-9 ? 0 : value, 3);
  return (
    <div className="importance">
      <h3>{t('search.importance')}</h3>
      <p className="quiet small">{t('search.importanceWords')}</p>
      {importance.slice(0, most).map(({ column, drop, spread }) => (
        <ShareBar
          key={column}
          name={column}
          share={Math.max(0, drop / top)}
          text={`${told(drop)} ± ${told(spread)}`}
          strong={drop > spread}
        />
      ))}
    </div>
  );
}

/** How the members' answers become one, and what classes are named for. */
function Mix({ mix }: Pick<SearchSummary, 'mix'>) {
  const { t, f } = useWords();
  if (!mix) return null;
  const named =
    mix.metric === undefined
      ? ''
      : mix.threshold === undefined
        ? t('search.named', { metric: t(`metricAsked.${mix.metric}`) })
        : t('search.threshold', { metric: t(`metricAsked.${mix.metric}`), share: f.figure(mix.threshold, 3) });
  return (
    <p className="soft">
      {t(`search.${mix.by}`)} · {t(`search.${mix.calibration}`)}
      {named ? ` · ${named}` : ''}
    </p>
  );
}

/** See the file's head; `labels` are the classes' names. */
export function SearchView({
  search,
  task,
  labels,
}: {
  search: SearchSummary;
  task: Task | undefined;
  labels: readonly string[];
}) {
  const { t, f } = useWords();
  const together =
    search.score === undefined || !search.interval || search.rows.length === 0
      ? ''
      : t('search.together', {
          score: f.figure(search.score, 3),
          low: f.figure(search.interval[0], 3),
          high: f.figure(search.interval[1], 3),
        });
  return (
    <Section
      title={t('search.title')}
      note={t('search.note', { count: search.trials, trials: f.count(search.trials) })}
    >
      {search.leaks.map((leak) => (
        <p key={leak} className="soft">
          {leak}
        </p>
      ))}
      {search.rows.length > 0 ? (
        <Leaderboard search={search} task={task} />
      ) : (
        <p className="soft">{t('search.none')}</p>
      )}
      {together ? <p className="together">{together}</p> : null}
      <Mix mix={search.mix} />
      {search.replay ? (
        <p className="soft">
          {t('search.replayed', { trials: f.count(search.replay.trials), same: f.count(search.replay.same) })}
        </p>
      ) : null}
      {search.importance.length > 0 ? <Importance importance={search.importance} /> : null}
      {search.dependence.length > 0 ? <Dependence dependence={search.dependence} labels={labels} /> : null}
    </Section>
  );
}
