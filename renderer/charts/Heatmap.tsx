// The confusion matrix: rows are the truth, columns what was predicted. Numbers in every cell, shade by the row's share.
import { useWords } from '../parts/words.ts';

interface Properties {
  classes: string[];
  /** `counts[i][j]`: rows of class i predicted as j. */
  counts: number[][];
}

export function Heatmap({ classes, counts }: Properties) {
  const { t, f } = useWords();
  const turned = classes.length > 6 && classes.some((name) => name.length > 4);
  const dense = classes.length > 14;
  return (
    <div className="heat-frame">
      <table className={`heat${dense ? ' dense' : ''}`} style={{ maxWidth: 100 + classes.length * 64 }}>
        <caption className="visually-hidden">{t('report.confusion')}</caption>
        <thead>
          <tr>
            <th className="corner">
              <span>{t('report.truth')} ↓</span>
              <span>{t('report.predicted')} →</span>
            </th>
            {classes.map((name) => (
              <th key={name} scope="col" title={name}>
                <span className={turned ? 'turned' : undefined}>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {counts.map((row, i) => {
            const total = row.reduce((sum, value) => sum + value, 0);
            return (
              <tr key={classes[i]}>
                <th scope="row" title={classes[i]}>
                  {classes[i]}
                </th>
                {row.map((value, j) => (
                  <td
                    key={classes[j]}
                    className={i === j ? 'hit' : undefined}
                    style={{ '--x': total > 0 ? value / total : 0 } as React.CSSProperties}
                    title={t('report.cell', {
                      count: value,
                      truth: classes[i],
                      predicted: classes[j],
                      share: f.percent(total > 0 ? value / total : 0),
                    })}
                  >
                    {dense ? '' : value === 0 ? <span className="zero">0</span> : f.count(value)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
