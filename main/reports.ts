// Reports of recommenders, of what is unusual and of forecasts, as the command line shows them.
import type { AnomalyReport, ForecastReport, RankingReport } from '../engine/schema/index.ts';
import { figure, table } from './print.ts';

/** The model beside what most users took. */
export function ranking(report: RankingReport): string {
  const rows = (
    [
      ['NDCG@10', 'ndcg'],
      ['recall@10', 'recall'],
      ['MRR@10', 'mrr'],
    ] as const
  ).map(([name, key]) => [name, figure(report[key]), figure(report.popularity[key])]);
  return `${table(['figure', 'model', 'most popular'], rows)}\n\n${report.users} users, ${report.items} items, ${percent(report.coverage)} of them proposed to somebody`;
}

/** How errors lie, which columns make them, and how well they find what is marked. */
export function anomaly(report: AnomalyReport): string {
  const [low, , q25, middle, q75, q95, high] = report.errors.quantiles;
  const columns = table(
    ['column', 'share in what was called unusual'],
    report.columns.slice(0, 12).map(({ column, share }) => [column, figure(share)]),
  );
  const { labels } = report;
  const against = labels
    ? `\n\nagainst ${labels.column} = ${labels.anomalous} (${labels.rows} rows): ROC AUC ${figure(labels.rocAuc)}   PR AUC ${figure(labels.prAuc)}   precision ${figure(labels.precision)}   recall ${figure(labels.recall)}   F1 ${figure(labels.f1)}`
    : '';
  return [
    `${percent(report.flagged)} of the test rows are called unusual: their error is above ${figure(report.threshold)}, as that of ${percent(report.contamination)} of the validation rows is`,
    `errors: least ${figure(low)}, quartiles ${figure(q25)} / ${figure(middle)} / ${figure(q75)}, 95 % ${figure(q95)}, greatest ${figure(high)}${against}`,
    ...(report.columns.length > 0 ? [`\n${columns}`] : []),
  ].join('\n');
}

/** The model beside the value one season before, and how errors grow with the steps. */
export function forecast(report: ForecastReport): string {
  const names = [
    ['MASE', 'mase'],
    ['sMAPE %', 'smape'],
    ['RMSE', 'rmse'],
    ['mean error', 'mae'],
  ] as const;
  const rows = names.map(([name, key]) => [name, figure(report[key]), figure(report.baseline[key])]);
  const before = report.season > 1 ? `value ${report.season} steps before` : 'last value';
  const every = Math.max(1, Math.ceil(report.byStep.length / 12));
  const steps = report.byStep
    .filter(({ ahead }) => (ahead - 1) % every === 0 || ahead === report.horizon)
    .map(({ ahead, mae, baseline }) => [ahead, figure(mae), figure(baseline)]);
  return [
    table(['figure', 'model', before], rows),
    `\n${table(['steps ahead', 'mean error', before], steps)}`,
    `\n${report.windows} forecasts of ${report.horizon} steps${report.series > 1 ? ` in ${report.series} series` : ''}; ${percent(report.coverage)} of the truths within bounds for ${percent(report.band)}`,
  ].join('\n');
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
