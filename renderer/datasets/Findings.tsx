// What is wrong with the data, worst first, each with a button that puts it right where one step does.
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Finding } from '../../engine/schema/index.ts';
import { useTrain } from '../app/train.ts';
import { Icon } from '../parts/Icon.tsx';
import { Problem } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { useReshape } from './quality.ts';
import { useStepWords } from './stepWords.ts';

const first = 6;

export function Findings({ id, target, findings }: { id: string; target: string | undefined; findings: Finding[] }) {
  const { t, f, said } = useWords();
  const say = useStepWords();
  const train = useTrain();
  const reshape = useReshape(id);
  const [all, setAll] = useState(false);
  if (findings.length === 0) {
    return (
      <p className="fine">
        <Icon name="check" size={14} /> {t('quality.fine')}
      </p>
    );
  }
  const shown = all ? findings : findings.slice(0, first);
  const figures = (values: Finding['values']) =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => {
        if (typeof value !== 'number') return [key, value];
        return [key, key === 'score' || key === 'distance' ? f.percent(value, 1) : f.figure(value)];
      }),
    );
  return (
    <>
      <ul className="notices" aria-label={t('datasets.warnings')}>
        {shown.map((finding) => (
          <li key={`${finding.code} ${finding.column ?? ''}`} className={finding.severity}>
            <Icon name={finding.severity === 'low' ? 'half' : 'warning'} size={14} />
            <span title={said(finding.message)}>
              {t(`finding.${finding.code}`, { column: finding.column ?? '', ...figures(finding.values) })}
            </span>
            <span className="finding-tools">
              {finding.ignore ? (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  onClick={() =>
                    train.open({ dataset: id, ...(target ? { target } : {}), ignore: [finding.ignore ?? ''] })
                  }
                >
                  {t('quality.trainWithout')}
                </Button>
              ) : null}
              {finding.fix ? (
                <Button
                  size="compact-xs"
                  loading={reshape.isPending && reshape.variables[0] === finding.fix}
                  disabled={reshape.isPending}
                  title={say(finding.fix)}
                  onClick={() => finding.fix && reshape.mutate([finding.fix])}
                >
                  {t(`fix.${finding.fix.op}`)}
                </Button>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
      {findings.length > shown.length ? (
        <Button size="compact-xs" variant="subtle" onClick={() => setAll(true)}>
          {t('showAll', { count: findings.length })}
        </Button>
      ) : null}
      {reshape.error ? <Problem error={reshape.error} /> : null}
    </>
  );
}
