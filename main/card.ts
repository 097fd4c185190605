// A model card as one HTML file: data, how the model was made, its scores, what it looks at, and its limits (Mitchell et al. 2019).
// Made from a run's record alone; loads nothing from anywhere.
import type { ClassScore, Dataset, Run, SearchSummary } from '../engine/schema/index.ts';
import { bytes, figure, quantity, time, when } from './print.ts';

/** Rows of a class or of the test part below which a figure is called rough. */
const fewRows = 30;

const escape = (text: unknown): string => String(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

type Cell = string | number | undefined;
const rowsOf = (rows: readonly (readonly Cell[])[], tag: 'td' | 'th' = 'td'): string =>
  rows.map((row) => `<tr>${row.map((cell) => `<${tag}>${escape(cell ?? '')}</${tag}>`).join('')}</tr>`).join('\n');
const tableOf = (header: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  `<table><thead>${rowsOf([header], 'th')}</thead><tbody>${rowsOf(rows)}</tbody></table>`;
const listOf = (items: readonly string[]): string =>
  `<ul>${items.map((item) => `<li>${escape(item)}</li>`).join('')}</ul>`;
const section = (title: string, ...parts: string[]): string =>
  `<section><h2>${escape(title)}</h2>${parts.join('\n')}</section>`;

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
h1{margin-bottom:0}h2{border-bottom:1px solid #d5dae1;padding-bottom:.2rem;margin-top:2rem}
table{border-collapse:collapse;margin:.5rem 0}th,td{padding:.25rem .8rem .25rem 0;text-align:left;border-bottom:1px solid #eceff3}
td:not(:first-child){font-variant-numeric:tabular-nums}.quiet{color:#5b6675}svg{margin:.3rem 1rem .3rem 0}`;

/** The card of a finished run. */
export function modelCard(run: Run, dataset: Dataset): string {
  const { plan, report, search } = run;
  const name = run.model ? `${run.model.name}, version ${run.model.version}` : run.name;
  const parts = [
    `<h1>${escape(name)}</h1><p class="quiet">${escape(`${plan?.task ?? ''} of ${plan?.target ?? ''} · ${when(run.endedAt)} UTC · seed ${run.request.seed}`)}</p>`,
    section('Data', ...dataOf(run, dataset)),
    plan
      ? section(
          'How it was made',
          `<p>${escape(plan.family)}, ${escape(plan.parameters)} learned numbers</p>`,
          listOf(plan.reasons),
        )
      : '',
    section('Scores on rows that it never saw', ...scoresOf(run)),
    search ? section('What was tried', ...triedOf(search)) : '',
    search ? looksOf(search, report && 'classes' in report ? report.classes.map(({ label }) => label) : []) : '',
    section('Limits', listOf(limitsOf(run, dataset))),
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(name)}</title><style>${style}</style></head><body>${parts.join('\n')}</body></html>\n`;
}

function dataOf({ plan, search }: Run, { name, source, shape, bytes: size }: Dataset): string[] {
  const parts = [
    `<p>${escape(name)} (${escape(source)}): ${escape(shape?.rows ?? 0)} rows, ${escape(bytes(size?.source))}. ${escape(
      plan ? `${plan.rows.train} to train, ${plan.rows.validation} to validate, ${plan.rows.test} to test.` : '',
    )}</p>`,
  ];
  if (plan)
    parts.push(
      tableOf(
        ['column', 'as'],
        plan.features.map(({ column, as }) => [column, as]),
      ),
    );
  if (plan && plan.ignored.length > 0) {
    parts.push('<p>Left out:</p>', listOf(plan.ignored.map(({ column, why }) => `${column}: ${why}`)));
  }
  if (search && search.leaks.length > 0) parts.push('<p>Columns to be careful with:</p>', listOf(search.leaks));
  return parts;
}

function scoresOf({ report, search, plan }: Run): string[] {
  if (!report) return ['<p>There is no report.</p>'];
  const parts: string[] = [];
  if ('confusion' in report && 'logLoss' in report) {
    parts.push(
      tableOf(
        ['accuracy', 'macro F1', 'ROC AUC', 'log loss', 'calibration error', 'rows'],
        [
          [report.accuracy, report.macroF1, report.rocAuc, report.logLoss, report.calibration.ece]
            .map(figure)
            .concat(String(report.rows)),
        ],
      ),
      tableOf(
        ['class', 'precision', 'recall', 'F1', 'rows'],
        report.classes.map((c: ClassScore) => [
          c.label,
          figure(c.precision),
          figure(c.recall),
          figure(c.f1),
          c.support,
        ]),
      ),
    );
  } else if (report.task === 'regression') {
    parts.push(
      tableOf(
        ['R²', 'RMSE', 'MAE', 'rows'],
        [[figure(report.r2), quantity(report.rmse), quantity(report.mae), report.rows]],
      ),
    );
  }
  if (report.task === 'forecasting') {
    const { baseline, season, horizon, coverage, band, windows } = report;
    const row = (name: string, own: typeof baseline) => [
      name,
      figure(own.mase),
      figure(own.smape),
      quantity(own.rmse),
      quantity(own.mae),
    ];
    parts.push(
      tableOf(
        ['forecast', 'MASE', 'sMAPE %', 'RMSE', 'MAE'],
        [row('this model', report), row(season > 1 ? `the value ${season} steps before` : 'the last value', baseline)],
      ),
      `<p>${windows} forecasts of ${horizon} steps from the test part; ${figure(100 * coverage)} % of the truths lay within bounds for ${figure(100 * band)} %.</p>`,
    );
  }
  const slices = 'slices' in report ? (report.slices ?? []) : [];
  if (slices.length > 0) {
    parts.push(
      '<p>Parts of the test rows that it does worse on than on all of them:</p>',
      tableOf(
        [
          'column',
          'value',
          report.task === 'regression' ? 'mean absolute error' : 'accuracy',
          '95 % of samples',
          'rows',
        ],
        slices.map(({ column, value, score, interval: [low, high], rows }) => [
          column,
          value === '' ? '(nothing)' : value,
          figure(score),
          `${figure(low)} – ${figure(high)}`,
          rows,
        ]),
      ),
    );
  }
  if (search?.interval && search.score !== undefined) {
    const [low, high] = search.interval;
    parts.push(
      `<p>On held-out rows of the training part ${plan?.task === 'regression' || plan?.task === 'forecasting' ? 'R²' : 'accuracy'} was ${figure(search.score)}; 95 of 100 samples of them would have it between ${figure(low)} and ${figure(high)}.</p>`,
    );
  }
  return parts;
}

function triedOf({ rows, members, trials }: SearchSummary): string[] {
  const weights = new Map(members.map(({ id, weight }) => [id, `${Math.round(weight * 100)} %`]));
  const line = (row: SearchSummary['rows'][number]): Cell[] => [
    row.id,
    row.family,
    figure(row.loss),
    figure(row.score),
    `${figure(row.interval[0])} – ${figure(row.interval[1])}`,
    time(row.fitMs),
    weights.get(row.id),
  ];
  const header = ['trial', 'family', 'loss', 'score', '95 % of samples', 'fit', 'weight'];
  return [`<p>${trials} trials; the best:</p>`, tableOf(header, rows.slice(0, 20).map(line))];
}

function looksOf({ importance, dependence }: SearchSummary, labels: readonly string[]): string {
  if (importance.length === 0) return '';
  const most = Math.max(...importance.map(({ drop }) => drop), 1e-9);
  const bars = importance
    .slice(0, 20)
    .map(({ column, drop, spread }) => {
      const width = Math.max(0, (drop / most) * 240);
      const bar = `<svg width="240" height="12" role="img"><rect width="${width.toFixed(1)}" height="12" fill="#3a6ea5"/></svg>`;
      return `<tr><td>${escape(column)}</td><td>${bar}</td><td>${figure(drop)} ± ${figure(spread)}</td></tr>`;
    })
    .join('\n');
  const curves = dependence.map(
    ({ column, at, answers }) =>
      `<figure><figcaption>${escape(column)}</figcaption>${curve(at, answers, labels)}</figure>`,
  );
  return section(
    'What it looks at',
    '<p>How much the score falls when a column is shuffled, and what the model answers on average along a column.</p>',
    `<table>${bars}</table>`,
    ...curves,
  );
}

const colours = ['#3a6ea5', '#c05a2b', '#4a8c4f', '#8a5aa8', '#a89f3a', '#5b6675'];

/** One line an answer over the values of a column. */
function curve(at: readonly number[], answers: readonly (readonly number[])[], labels: readonly string[]): string {
  const [width, height] = [360, 120];
  const all = answers.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (value: number) => ((value - at[0]) / Math.max(1e-12, (at.at(-1) ?? 0) - at[0])) * (width - 10) + 5;
  const y = (value: number) => height - 5 - ((value - low) / Math.max(1e-12, high - low)) * (height - 10);
  const lines = (answers[0] ?? []).slice(0, colours.length).map((_, k) => {
    const points = at.map((value, i) => `${x(value).toFixed(1)},${y(answers[i][k]).toFixed(1)}`).join(' ');
    return `<polyline points="${points}" fill="none" stroke="${colours[k]}" stroke-width="2"><title>${escape(labels[k] ?? '')}</title></polyline>`;
  });
  return `<svg width="${width}" height="${height}" role="img" style="background:#f6f8fa">${lines.join('')}</svg><p class="quiet">${quantity(at[0])} to ${quantity(at.at(-1))}; ${figure(low)} to ${figure(high)}</p>`;
}

function limitsOf({ report, plan, search }: Run, { shape }: Dataset): string[] {
  const limits = [
    `It knows what ${shape?.rows ?? 0} rows show; rows of another kind, place or time may be unlike them.`,
    'Scores were looked at by one column at a time; for groups that several columns make, test on a dataset of each (--test).',
  ];
  if (report && report.rows < fewRows) limits.push(`It was tested on ${report.rows} rows only: the scores are rough.`);
  if (report && 'classes' in report) {
    const rare = report.classes.filter(({ support }) => support < fewRows).map(({ label }) => label);
    if (rare.length > 0) limits.push(`Fewer than ${fewRows} test rows: ${rare.slice(0, 20).join(', ')}.`);
    const weak = report.classes.filter(({ support, recall }) => support > 0 && recall < 0.5).map(({ label }) => label);
    if (weak.length > 0) limits.push(`It misses more than half of: ${weak.slice(0, 20).join(', ')}.`);
  }
  if (search && search.leaks.length > 0) limits.push('A column may give the target away; see above.');
  if (plan?.task === 'forecasting')
    limits.push(
      'It goes by the past: what never happened before is not foreseen, and bounds hold while things go on alike.',
    );
  if (plan?.task === 'regression')
    limits.push('Answers far outside the range of the training targets are not to be trusted.');
  return limits;
}
