// What an answer rests on, when asked for: what it loses without each word or column. Asks one model about one input.
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { PredictRequest } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { showFault } from '../parts/faultWords.ts';
import { useWords } from '../parts/words.ts';

/** Parts shown. */
const most = 8;

/** `model` is an id; a new input wants a new key, so that old reasons do not stand beside a new answer. */
export function Why({ model, input }: { model: string; input: PredictRequest['inputs'][number] }) {
  const { t, f } = useWords();
  const why = useMutation({
    mutationFn: () => api.call('models.explain', { params: { id: model }, body: { input } }),
    onError: (error) => showFault(error),
  });
  if (!why.data) {
    return (
      <Button size="compact-sm" variant="subtle" loading={why.isPending} onClick={() => why.mutate()}>
        {t('try.why')}
      </Button>
    );
  }
  const top = Math.max(...why.data.parts.map(({ drop }) => Math.abs(drop)), 1e-12);
  // Sums of roundings are not told as figures.
  const told = (drop: number): string => f.figure(Math.abs(drop) < top * 1e-4 ? 0 : -drop, 3);
  return (
    <table className="plain why">
      <caption className="quiet small">{t('try.whyWords')}</caption>
      <tbody>
        {why.data.parts.slice(0, most).map(({ column, text, at, drop }) => (
          <tr key={`${column}\n${at ?? ''}`}>
            <th scope="row" className="ellipsis">
              {text ?? column}
            </th>
            <td className="num">{told(drop)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
