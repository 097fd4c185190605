// The confusion matrix: rows are the truth, columns what was predicted. Numbers in every cell, shade by the row's share.
import { useWords } from '../parts/words.ts';

interface Properties {
  classes: string[];
  /** `counts[i][j]`: rows of class i predicted as j. */
  counts: number[][];
  /** Given: a cell with rows in it opens them. */
  onOpen?: (truth: string, predicted: string) => void;
  /** The cell that is open. */
  open?: { truth: string; predicted: string } | null;
}

export function Heatmap({ classes, counts, onOpen, open }: Properties) {
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
                {row.map((value, j) => {
                  const [truth, predicted] = [classes[i] ?? '', classes[j] ?? ''];
                  const words = t('report.cell', {
                    count: value,
                    truth,
                    predicted,
                    share: f.percent(total > 0 ? value / total : 0),
                  });
                  const isOpen = open?.truth === truth && open.predicted === predicted;
                  return (
                    <td
                      key={predicted}
                      className={i === j ? 'hit' : undefined}
                      style={{ '--x': total > 0 ? value / total : 0 } as React.CSSProperties}
                      title={words}
                    >
                      {onOpen && value > 0 ? (
                        <button
                          type="button"
                          aria-label={words}
                          aria-pressed={isOpen}
                          onClick={() => onOpen(truth, predicted)}
                        >
                          {dense ? '' : f.count(value)}
                        </button>
                      ) : dense ? (
                        ''
                      ) : value === 0 ? (
                        <span className="zero">0</span>
                      ) : (
                        f.count(value)
                      )}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
