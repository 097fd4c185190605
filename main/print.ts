// What the command line shows: tables, figures and progress. Results go to stdout, everything else to stderr.
import { stripVTControlCharacters } from 'node:util';
import type {
  ClassificationReport,
  GenerationReport,
  Progress,
  RegressionReport,
  Report,
  Run,
  RunPlan,
} from '../engine/schema/index.ts';
import { anomaly, forecast, ranking } from './reports.ts';

export type Align = 'left' | 'right';

// A reader that has seen enough (`| head`) is no failure of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** Writes a line of result, as it is. */
export const say = (text: string): void => void process.stdout.write(`${text}\n`);
/** Writes a line of progress or advice. */
export const note = (text: string): void => void process.stderr.write(`${lines(text)}\n`);

/** A new vault's recovery code, wherever the vault was made: nobody can ask for it again. */
export function showRecovery(code: string | undefined): void {
  if (code)
    note(
      `A new vault. Its recovery code, shown this once, opens the data when every other way is lost:\n\n    ${code}\n`,
    );
}

/** Text as a terminal may safely show it: control and bidirectional characters are replaced. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '·');
}

/** The same for a text of several lines. */
export const lines = (text: string): string => text.split('\n').map(printable).join('\n');

/** Columns a string takes on a terminal; CJK and emoji take two. */
function width(text: string): number {
  let columns = 0;
  for (const char of text)
    columns +=
      /\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\uff01-\uff60\u3000-\u303f]|\p{Extended_Pictographic}/u.test(
        char,
      )
        ? 2
        : 1;
  return columns;
}

/** A table with a header; numbers are aligned right. */
export function table(header: string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (cell === undefined ? '' : printable(String(cell)))));
  const right = header.map(
    (_, i) =>
      rows.length > 0 &&
      rows.every((row) => row[i] === undefined || /^-?[\d.,]+( ?[%a-zA-Z]{1,3})?$/.test(String(row[i]))),
  );
  const widths = header.map((title, i) => Math.max(width(title), ...cells.map((row) => width(row[i] ?? ''))));
  const line = (row: string[]) =>
    row
      .map((cell, i) =>
        right[i]
          ? ' '.repeat(Math.max(0, (widths[i] ?? 0) - width(cell))) + cell
          : cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - width(cell))),
      )
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((n) => '─'.repeat(n)).join('  '), ...cells.map(line)].join('\n');
}

/** A figure with four significant places that a person can compare. */
export function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '';
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 0.001 && size < 10_000 ? value.toFixed(4) : value.toPrecision(4);
}

/** A quantity of the user's own: five significant digits at most, and none that it does not have. */
export function quantity(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '' : String(Number(value.toPrecision(5)));
}

/** The beginning of a text, with a sign where more follows. */
export const clipped = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

/** A day where a column has no times of day, else day and time. */
export function span(from: number | undefined, to: number | undefined): string {
  const day = 86_400_000;
  const plain = from !== undefined && to !== undefined && from % day === 0 && to % day === 0;
  return [from, to].map((at) => (plain ? when(at).slice(0, 10) : when(at))).join(' … ');
}

/** Bytes in the nearest unit of 1024. */
export function bytes(count: number | undefined): string {
  if (count === undefined) return '';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let n = count;
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 ? n : n.toFixed(1)} ${units[unit]}`;
}

/** A wall-clock length for people. */
export function time(ms: number | undefined): string {
  if (ms === undefined) return '';
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${s % 60} s`;
  const m = Math.round(s / 60);
  return `${Math.floor(m / 60)} h ${m % 60} m`;
}

export const when = (at: number | undefined): string =>
  at === undefined ? '' : new Date(at).toISOString().slice(0, 19).replace('T', ' ');

function classification(report: ClassificationReport): string {
  const rows = [
    ...report.classes.map((c) => ({ ...c })),
    { ...report.macro, label: 'macro average' },
    { ...report.weighted, label: 'weighted average' },
  ];
  const scores = table(
    ['class', 'precision', 'recall', 'F1', 'rows'],
    rows.map((c) => [c.label, c.precision.toFixed(4), c.recall.toFixed(4), c.f1.toFixed(4), c.support]),
  );
  const shown = report.classes.length <= 12;
  const confusion = shown
    ? `\n\nconfusion (rows: truth, columns: prediction)\n${table(
        ['', ...report.classes.map((c) => c.label)],
        report.confusion.map((row, i) => [report.classes[i]?.label, ...row]),
      )}`
    : '';
  const auc = report.rocAuc === undefined ? '' : `   ROC AUC ${figure(report.rocAuc)}`;
  return `${scores}${confusion}\n\naccuracy ${figure(report.accuracy)}   macro F1 ${figure(report.macroF1)}${auc}   log loss ${figure(report.logLoss)}   calibration error ${figure(report.calibration.ece)}`;
}

function regression(report: RegressionReport): string {
  const [low, , q25, q50, q75, , high] = report.residuals.quantiles;
  return [
    table(
      ['figure', 'value'],
      [
        ['R²', figure(report.r2)],
        ['RMSE', figure(report.rmse)],
        ['MAE', figure(report.mae)],
      ],
    ),
    `\nresiduals: least ${figure(low)}, quartiles ${figure(q25)} / ${figure(q50)} / ${figure(q75)}, greatest ${figure(high)}`,
  ].join('\n');
}

function generation(report: GenerationReport): string {
  const written: [string, string][] =
    'chrF' in report
      ? [
          ['exact match', figure(report.exactMatch)],
          ['chrF', figure(report.chrF)],
          ['BLEU', figure(report.bleu)],
        ]
      : [];
  const texts = 'chrF' in report ? `; ${report.written} texts written and compared` : '';
  const rows = [
    ...written,
    ['perplexity', figure(report.perplexity)],
    ['token accuracy', figure(report.tokenAccuracy)],
    ['bits per byte', figure(report.bitsPerByte)],
  ];
  return `${table(['figure', 'value'], rows)}\n\n${report.tokens} tokens${texts}`;
}

/** The figure of a report that lists show, with its name. */
export function scoreOf(report: Report): { name: string; value: number } {
  if (report.task === 'regression') return { name: 'R²', value: report.r2 };
  if ('chrF' in report) return { name: 'exact', value: report.exactMatch };
  if ('perplexity' in report) return { name: 'ppl', value: report.perplexity };
  if (report.task === 'ranking') return { name: 'NDCG', value: report.ndcg };
  if (report.task === 'forecasting') return { name: 'MASE', value: report.mase };
  if (report.task === 'anomaly')
    return report.labels?.rocAuc === undefined
      ? { name: 'unusual', value: report.flagged }
      : { name: 'AUC', value: report.labels.rocAuc };
  return { name: 'acc', value: report.accuracy };
}

function bodyOf(report: Report): string {
  if (report.task === 'regression') return regression(report);
  if (report.task === 'ranking') return ranking(report);
  if (report.task === 'forecasting') return forecast(report);
  if (report.task === 'anomaly') return anomaly(report);
  return 'perplexity' in report ? generation(report) : classification(report);
}

/** Parts that a text shows. */
const shownSlices = 5;

/** Where the model does worse than on all test rows. */
function slicesText(report: Report): string {
  const slices = 'slices' in report ? (report.slices ?? []) : [];
  if (slices.length === 0) return '';
  const score = report.task === 'regression' ? 'mean error' : 'accuracy';
  const rows = slices
    .slice(0, shownSlices)
    .map(({ column, value, rows: count, score: own, interval }) => [
      `${column} ${value === '' ? '(nothing)' : value}`,
      figure(own),
      `${figure(interval[0])} – ${figure(interval[1])}`,
      count,
    ]);
  return `\n\n${table(['worse where', score, '95 % of samples', 'rows'], rows)}`;
}

/** A report on the test part, as a table. */
export function reportText(report: Report): string {
  // An ensemble has no epochs of its own: its steps are the trials of the search.
  const work =
    report.epochs === 0
      ? `${report.steps} ${report.steps === 1 ? 'trial' : 'trials'}`
      : `trained ${report.epochs} ${report.epochs === 1 ? 'epoch' : 'epochs'} (best ${report.bestEpoch}), ${report.steps} steps`;
  return `${bodyOf(report)}${slicesText(report)}\n\n${report.rows} test rows; ${work} in ${time(report.seconds * 1000)}`;
}

/** What was chosen for a run and why. */
export function planText(plan: RunPlan): string {
  const left =
    plan.ignored.length > 0 ? `; left out: ${plan.ignored.map((i) => `${i.column} (${i.why})`).join(', ')}` : '';
  return [
    `${plan.task}${plan.target === '' ? '' : ` of ${printable(plan.target)}`} with ${plan.family}: ${plan.parameters} parameters, ${plan.rows.train}/${plan.rows.validation}/${plan.rows.test} rows, ${plan.optimizer ? `${plan.optimizer.kind} at ${plan.learningRate}, batch ${plan.batchSize}, ` : ''}${plan.device} with ${plan.threads} threads, seed ${plan.seed}${printable(left)}`,
    ...plan.reasons.map((reason) => `  · ${printable(reason)}`),
  ].join('\n');
}

/** One line of a run for a list. */
export function runRow(run: Run): (string | number | undefined)[] {
  const best = run.report && scoreOf(run.report);
  const score = best ? `${best.name} ${figure(best.value)}` : '';
  return [
    run.id,
    run.name,
    run.dataset.name,
    run.plan?.family ?? run.request.model,
    run.state,
    score,
    when(run.createdAt),
  ];
}
export const runHeader = ['id', 'name', 'dataset', 'model', 'state', 'score', 'created'];

/** A progress line that redraws itself on a terminal and appears every few seconds elsewhere. */
export interface ProgressLine {
  show(progress: Progress, figures: Record<string, number>): void;
  end(): void;
}

export function progressLine(quiet = false): ProgressLine {
  const live = process.stderr.isTTY;
  let lastAt = 0;
  let drawn = false;
  return {
    show(progress, figures) {
      const now = performance.now();
      if (quiet || now - lastAt < (live ? 80 : 5000)) return;
      lastAt = now;
      const share = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
      const filled = Math.round(share * 24);
      const values = Object.entries(figures)
        .map(([name, value]) => `${name} ${figure(value)}`)
        .join('  ');
      const left = progress.leftMs === undefined ? '' : `  ${time(progress.leftMs)} left`;
      const text = `${progress.phase.padEnd(10)} ${'█'.repeat(filled)}${'░'.repeat(24 - filled)} ${String(Math.round(share * 100)).padStart(3)} %  ${values}${left}`;
      if (live) process.stderr.write(`\r\u001b[2K${text.slice(0, (process.stderr.columns || 120) - 1)}`);
      else note(text);
      drawn = true;
    },
    end() {
      if (live && drawn) process.stderr.write('\r\u001b[2K');
      drawn = false;
    },
  };
}
