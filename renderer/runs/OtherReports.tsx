// Reports of tasks that predict neither a class nor a quantity: which items a user takes, what is unusual, written texts.
import type { AnomalyReport, GenerationReport, RankingReport } from '../../engine/schema/index.ts';
import { Histogram, ShareBar } from '../charts/Bars.tsx';
import { Figure } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

const rankingRows = [
  ['metric.ndcg', 'ndcg'],
  ['report.recallAt', 'recall'],
  ['report.mrr', 'mrr'],
] as const;

export function Ranking({ report }: { report: RankingReport }) {
  const { t, f } = useWords();
  return (
    <>
      <dl className="figures wide">
        <Figure name={t('metric.ndcg')}>{f.figure(report.ndcg)}</Figure>
        <Figure name={t('report.users')}>{f.count(report.users)}</Figure>
        <Figure name={t('report.items')}>{f.count(report.items)}</Figure>
        <Figure name={t('report.coverage')} title={t('report.coverageWords')}>
          {f.percent(report.coverage)}
        </Figure>
        <Figure name={t('report.rows')}>{f.count(report.rows)}</Figure>
      </dl>
      <table className="plain scores">
        <thead>
          <tr>
            <th scope="col">{t('report.firstTen')}</th>
            <th scope="col" className="num">
              {t('report.thisModel')}
            </th>
            <th scope="col" className="num">
              {t('report.popular')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rankingRows.map(([name, key]) => (
            <tr key={key}>
              <th scope="row">{t(name)}</th>
              <td className="num">{f.figure(report[key])}</td>
              <td className="num">{f.figure(report.popularity[key])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="quiet small">{t('report.rankingWords')}</p>
    </>
  );
}

export function Anomaly({ report }: { report: AnomalyReport }) {
  const { t, f } = useWords();
  const { labels } = report;
  const { edges, counts } = report.errors.histogram;
  return (
    <>
      <dl className="figures wide">
        <Figure name={t('metric.flagged')} title={t('report.flaggedWords', { share: f.percent(report.contamination) })}>
          {f.percent(report.flagged)}
        </Figure>
        <Figure name={t('report.threshold')}>{f.figure(report.threshold)}</Figure>
        {labels ? (
          <>
            <Figure name="ROC AUC">{f.figure(labels.rocAuc)}</Figure>
            <Figure name="PR AUC">{f.figure(labels.prAuc)}</Figure>
            <Figure name={t('report.precision')}>{f.figure(labels.precision)}</Figure>
            <Figure name={t('report.recall')}>{f.figure(labels.recall)}</Figure>
            <Figure name="F1">{f.figure(labels.f1)}</Figure>
          </>
        ) : null}
        <Figure name={t('report.rows')}>{f.count(report.rows)}</Figure>
      </dl>
      <div className="report-grid two">
        <div>
          <h3>{t('report.errors')}</h3>
          <Histogram
            counts={counts}
            low={edges[0] ?? 0}
            high={edges.at(-1) ?? 0}
            label={t('report.errors')}
            height={150}
            axis={(value) => f.figure(10 ** value, 3)}
          />
          <p className="quiet small">
            {labels
              ? t('report.markedWords', { column: labels.column, value: labels.anomalous, rows: f.count(labels.rows) })
              : t('report.errorWords')}
          </p>
        </div>
        {report.columns.length > 0 && (
          <div>
            <h3>{t('report.unusualColumns')}</h3>
            {report.columns.slice(0, 10).map(({ column, share }) => (
              <ShareBar key={column} name={column} share={share} text={f.percent(share)} />
            ))}
          </div>
        )}
      </div>
    </>
  );
}

export function Generation({ report }: { report: GenerationReport }) {
  const { t, f } = useWords();
  return (
    <dl className="figures wide">
      {'chrF' in report ? (
        <>
          <Figure name={t('metric.exactMatch')}>{f.percent(report.exactMatch)}</Figure>
          <Figure name="chrF">{f.figure(report.chrF)}</Figure>
          <Figure name="BLEU">{f.figure(report.bleu)}</Figure>
        </>
      ) : null}
      <Figure name={t('metric.perplexity')}>{f.figure(report.perplexity)}</Figure>
      <Figure name={t('metric.tokenAccuracy')}>{f.percent(report.tokenAccuracy)}</Figure>
      <Figure name={t('report.bitsPerByte')}>{f.figure(report.bitsPerByte)}</Figure>
      <Figure name={t('report.tokens')}>{f.count(report.tokens)}</Figure>
      <Figure name={t('report.rows')}>{f.count(report.rows)}</Figure>
    </dl>
  );
}
