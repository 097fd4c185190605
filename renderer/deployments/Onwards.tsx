// Ask a deployment how a series goes on: rows as they stand in a spreadsheet, and the steps that follow.
import { Button, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { Fault, type PredictRequest, type RouteAnswer } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { Ahead, AheadLegend } from '../charts/Ahead.tsx';
import { Problem } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

type Schema = RouteAnswer<'deployments.schema'>;
type Cell = Schema['inputs'][number]['example'];

const split = (line: string): string[] => line.split(line.includes('\t') ? '\t' : ',').map((cell) => cell.trim());

/** Lines under a line of names as rows. */
function rowsOf(text: string): Record<string, Cell>[] {
  const [head, ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const names = split(head ?? '');
  return lines.map((line) => {
    const cells = split(line);
    return Object.fromEntries(names.map((name, i) => [name, cells[i] || null]));
  });
}

function textOf(rows: readonly Record<string, Cell>[]): string {
  const names = Object.keys(rows[0] ?? {});
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((cells) => cells.join(',')).join('\n');
}

/** `onAsk` hears what was asked last, for the snippets. */
export function Onwards({
  name,
  schema,
  onAsk,
}: {
  name: string;
  schema: Schema;
  onAsk: (request: PredictRequest) => void;
}) {
  const { t, f } = useWords();
  const [input] = schema.example.inputs;
  const example = useMemo(
    () => (typeof input === 'object' && Array.isArray(input['history']) ? textOf(input['history']) : ''),
    [input],
  );
  const [text, setText] = useState(example);
  const [settled] = useDebouncedValue(text, 250);
  const request = useMemo((): PredictRequest => ({ inputs: [{ history: rowsOf(settled) }] }), [settled]);
  useEffect(() => onAsk(request), [request, onAsk]);
  const answer = useQuery({
    queryKey: ['predict', name, settled],
    queryFn: async () => {
      const { outputs } = await api.call('deployments.predict', { params: { name }, body: request });
      const [output] = outputs;
      if (!output || !('forecast' in output)) throw new Fault('internal', 'the model gave no forecast');
      return output.forecast;
    },
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 10_000,
    retry: false,
  });
  const [own] = request.inputs;
  const rows = typeof own === 'object' && Array.isArray(own['history']) ? own['history'] : [];
  const time = schema.series?.time ?? '';
  const value = schema.inputs.find(({ column, type }) => type === 'number' && column !== time)?.column ?? '';
  const behind = rows
    .filter((row) => row[value] !== null && Number.isFinite(Number(row[value])))
    .slice(-120)
    .map((row) => ({ at: String(row[time] ?? ''), value: Number(row[value]) }));
  const steps = answer.data ?? [];
  return (
    <div className="try">
      <div className="try-inputs">
        <Textarea
          className="wide"
          label={t('ahead.rows')}
          description={t('ahead.rowsWords', { count: schema.series?.window ?? 1 })}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autosize
          minRows={6}
          maxRows={14}
        />
        <div className="wide">
          <Button size="compact-sm" variant="subtle" onClick={() => setText(example)}>
            {t('try.reset')}
          </Button>
        </div>
      </div>
      <div className="try-answer" aria-live="polite">
        {answer.error ? <Problem error={answer.error} onRetry={() => void answer.refetch()} /> : null}
        {steps.length > 0 && !answer.error ? (
          <>
            <Ahead
              label={t('ahead.forecast')}
              at={[...behind.map(({ at }) => at), ...steps.map((step) => step.time)]}
              behind={behind.map((row) => row.value)}
              forecast={steps.map((step) => step.value)}
              low={steps.map(({ low }) => low)}
              high={steps.map(({ high }) => high)}
            />
            <AheadLegend truth={false} />
            <table className="plain scores">
              <tbody>
                {steps.slice(0, 14).map((step) => (
                  <tr key={step.time}>
                    <th scope="row">{String(step.time)}</th>
                    <td className="num">{f.figure(step.value)}</td>
                    <td className="num quiet">{`${f.figure(step.low)} – ${f.figure(step.high)}`}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        ) : null}
      </div>
    </div>
  );
}
