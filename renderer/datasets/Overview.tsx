// What is known of the present rows: what to know before training, then each column. The quick figures of the import are
// shown until the profile, which looks at every row, is there.
import { useQuery } from '@tanstack/react-query';
import type { Dataset, DatasetShape } from '../../engine/schema/index.ts';
import { ShareBar } from '../charts/Bars.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Problem, Section, Waiting } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { Columns } from './Columns.tsx';
import { Findings } from './Findings.tsx';
import { ProfileColumns } from './ProfileColumns.tsx';
import { askQuality } from './quality.ts';

/** Warnings of the import that no finding of the profile repeats. */
const ofImport = new Set(['ambiguous_date', 'few_rows', 'mostly_missing']);

export function Overview({ dataset, shape }: { dataset: Dataset; shape: DatasetShape }) {
  const { t, f, said } = useWords();
  const { id, sha256 } = dataset;
  const { data: profile, error, refetch } = useQuery(askQuality.profile(id, sha256, undefined));
  const rest = shape.warnings.filter(({ code }) => !profile || ofImport.has(code));
  const classes = profile?.classes ?? [];
  const most = Math.max(1, profile?.rows ?? 1);
  return (
    <>
      <Section
        title={t('quality.title')}
        note={
          profile
            ? t('quality.took', { rows: f.count(profile.rows), seconds: f.figure(profile.seconds, 2) })
            : t('quality.checking')
        }
      >
        {error ? <Problem error={error} onRetry={() => void refetch()} /> : null}
        {profile ? <Findings id={id} target={profile.target} findings={profile.findings} /> : null}
        {!profile && !error ? <Waiting /> : null}
        {rest.length > 0 ? (
          <ul className="notices">
            {rest.map((warning) => (
              <li key={`${warning.code} ${warning.column ?? ''}`} className="low">
                <Icon name="half" size={14} />
                <span>{said(warning.message)}</span>
              </li>
            ))}
          </ul>
        ) : null}
      </Section>
      {classes.length > 0 ? (
        <Section title={t('quality.classes', { name: profile?.target ?? '' })} note={f.count(classes.length)}>
          <div className="top-values classes">
            {classes.slice(0, 12).map(({ value, count }) => (
              <ShareBar key={value} name={value} share={count / most} text={f.count(count)} />
            ))}
            {classes.length > 12 ? (
              <span className="quiet">{t('datasets.others', { count: classes.length - 12 })}</span>
            ) : null}
          </div>
        </Section>
      ) : null}
      {profile ? (
        <Section title={t('columns')}>
          <ProfileColumns profile={profile} />
        </Section>
      ) : (
        <Section title={t('columns')} note={t('datasets.sampled')}>
          <Columns id={id} shape={shape} />
        </Section>
      )}
    </>
  );
}
