// How far an import is, from its live events.
import { useQuery } from '@tanstack/react-query';
import type { Progress } from '../../engine/schema/index.ts';
import { State } from '../parts/State.tsx';
import { useWords } from '../parts/words.ts';

export function ImportProgress({ id }: { id: string }) {
  const { t } = useWords();
  // Filled by live.ts; never asked for.
  const progress = useQuery<Progress>({ queryKey: ['progress', id], enabled: false }).data;
  const share = progress && progress.total > 0 ? progress.done / progress.total : undefined;
  return (
    <span className="importing">
      <State state="importing" />
      <progress
        className="bar"
        max={1}
        aria-label={t('import.progress')}
        {...(share === undefined ? {} : { value: share })}
      />
    </span>
  );
}
