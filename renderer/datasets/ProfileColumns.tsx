// What each column holds, over all rows: type, gaps, different values, a picture of the values and figures.
import type { ColumnProfile, Profile } from '../../engine/schema/index.ts';
import { Histogram, ShareBar } from '../charts/Bars.tsx';
import { Icon } from '../parts/Icon.tsx';
import { useWords } from '../parts/words.ts';

function Picture({ column, rows }: { column: ColumnProfile; rows: number }) {
  const { t, f } = useWords();
  const bins = column.histogram ?? column.length?.histogram;
  if (bins && bins.counts.length > 1) {
    const log = column.histogram?.log ?? false;
    const label = column.length
      ? t('quality.lengths', { name: column.name })
      : t('datasets.histogram', { name: column.name });
    return (
      <div className={log ? 'logged' : undefined} title={log ? t('datasets.log') : label}>
        <Histogram
          counts={bins.counts}
          low={bins.edges[0] ?? 0}
          high={bins.edges.at(-1) ?? 0}
          label={label}
          height={30}
        />
        {log ? <span className="quiet">log</span> : null}
      </div>
    );
  }
  const top = column.top ?? [];
  return (
    <div className="top-values">
      {top.slice(0, 3).map(({ value, count }) => (
        <ShareBar
          key={value}
          name={value}
          share={count / Math.max(1, rows)}
          text={f.percent(count / Math.max(1, rows), count < rows / 100 ? 1 : 0)}
        />
      ))}
      {top.length > 0 && column.distinct > 3 ? (
        <span className="quiet">{t('datasets.others', { count: column.distinct - 3 })}</span>
      ) : null}
    </div>
  );
}

function Figures({ column }: { column: ColumnProfile }) {
  const { t, f } = useWords();
  const named = new Intl.DisplayNames([document.documentElement.lang || 'en'], { type: 'language' });
  const q = column.quantiles;
  if (q && column.type === 'date') {
    const day = (at: number | undefined) => (at === undefined ? '–' : new Date(at).toISOString().slice(0, 10));
    return <>{`${day(q[0])} … ${day(q[8])}`}</>;
  }
  if (q) {
    return (
      <>
        <span>{`${f.figure(q[0])} … ${f.figure(q[8])}`}</span>
        <span
          className="quiet"
          title={t('quality.quartiles')}
        >{`${f.figure(q[3])} | ${f.figure(q[4])} | ${f.figure(q[5])}`}</span>
      </>
    );
  }
  if (column.length) {
    const spoken = (column.languages ?? []).filter(({ language }) => language !== 'und').slice(0, 3);
    return (
      <>
        <span>
          {t('quality.length', {
            middle: f.count(Math.round(column.length.quantiles[4] ?? 0)),
            most: f.count(Math.round(column.length.quantiles[8] ?? 0)),
          })}
        </span>
        {spoken.length > 0 ? (
          <span className="quiet">
            {spoken.map(({ language, share }) => `${named.of(language) ?? language} ${f.percent(share)}`).join(' · ')}
          </span>
        ) : null}
      </>
    );
  }
  const size = column.sizes?.[0];
  return size ? <>{`${size.width} × ${size.height}`}</> : null;
}

export function ProfileColumns({ profile }: { profile: Profile }) {
  const { t, f } = useWords();
  return (
    <div className="scroll-x">
      <table className="plain columns">
        <thead>
          <tr>
            <th scope="col">{t('name')}</th>
            <th scope="col">{t('type')}</th>
            <th scope="col" className="num">
              {t('datasets.missing')}
            </th>
            <th scope="col" className="num">
              {t('datasets.distinct')}
            </th>
            <th scope="col">{t('datasets.values')}</th>
            <th scope="col">{t('datasets.figures')}</th>
          </tr>
        </thead>
        <tbody>
          {profile.columns.map((column) => (
            <tr key={column.name}>
              <th scope="row" className="strong">
                <span className="ellipsis block" title={column.name}>
                  {column.name}
                </span>
                {column.name === profile.target ? <span className="chip">{t('datasets.target')}</span> : null}
              </th>
              <td>
                <span className="type">
                  <Icon name={column.type as 'text'} size={14} />
                  {t(`type.${column.type as 'text'}`)}
                </span>
              </td>
              <td className={`num${column.missing > 0 ? ' warned' : ' quiet'}`}>
                {column.missing > 0
                  ? f.percent(column.missing / Math.max(1, profile.rows), column.missing < profile.rows / 100 ? 1 : 0)
                  : '0'}
              </td>
              <td className="num">{f.count(column.distinct)}</td>
              <td className="picture">
                <Picture column={column} rows={profile.rows} />
              </td>
              <td className="two-lines">
                <Figures column={column} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
