// Ask a deployment by hand: a control for each input, as its column is typed, and the answer as it changes.
import { Button, NumberInput, Select, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import type { PredictRequest, PredictResponse, RouteAnswer } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ShareBar } from '../charts/Bars.tsx';
import { Problem } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { Why } from './Why.tsx';

type Schema = RouteAnswer<'deployments.schema'>;
type Input = Schema['inputs'][number];
type Cell = Input['example'];

/** The control for one input. An empty one is sent as missing. */
function Control({ input, value, onChange }: { input: Input; value: Cell; onChange: (value: Cell) => void }) {
  const { t } = useWords();
  const label = input.column;
  const choices = input.values ?? (input.type === 'boolean' ? ['true', 'false'] : undefined);
  if (input.type === 'number') {
    return (
      <NumberInput
        label={label}
        value={typeof value === 'number' ? value : ''}
        onChange={(next) => onChange(typeof next === 'number' ? next : null)}
        step={typeof input.example === 'number' && !Number.isInteger(input.example) ? 0.1 : 1}
        placeholder={t('try.missing')}
      />
    );
  }
  if (choices && choices.length > 0) {
    return (
      <Select
        label={label}
        data={choices}
        value={value === null ? null : String(value)}
        onChange={(next) => onChange(next !== null && typeof input.example === 'boolean' ? next === 'true' : next)}
        placeholder={t('try.missing')}
        searchable={choices.length > 8}
        clearable
      />
    );
  }
  if (input.type === 'text') {
    return (
      <Textarea
        className="wide"
        label={label}
        value={value === null ? '' : String(value)}
        onChange={(event) => onChange(event.currentTarget.value)}
        autosize
        minRows={3}
        maxRows={10}
      />
    );
  }
  return (
    <TextInput
      label={label}
      value={value === null ? '' : String(value)}
      onChange={(event) => onChange(event.currentTarget.value || null)}
      placeholder={t('try.missing')}
    />
  );
}

/** Proposed items; bars run from the last of them to the first. */
function Items({ items }: { items: { item: string; score: number }[] }) {
  const { t, f } = useWords();
  const [best, last] = [items[0]?.score ?? 0, items.at(-1)?.score ?? 0];
  return (
    <div className="answer">
      <span className="quiet small">{t(items.length > 0 ? 'try.items' : 'try.none')}</span>
      <output className="answer-value">{items[0]?.item}</output>
      <div className="answer-bars">
        {items.slice(0, 10).map(({ item, score }, place) => (
          <ShareBar
            key={item}
            name={item}
            share={best > last ? 0.1 + (0.9 * (score - last)) / (best - last) : 1}
            text={f.figure(score, 3)}
            strong={place === 0}
          />
        ))}
      </div>
    </div>
  );
}

function Answer({ output, classes }: { output: PredictResponse['outputs'][number]; classes: number }) {
  const { t, f } = useWords();
  if ('value' in output) {
    return (
      <div className="answer">
        <span className="quiet small">{t('try.value')}</span>
        <output className="answer-value">{f.figure(output.value, 6)}</output>
      </div>
    );
  }
  if ('items' in output) return <Items items={output.items} />;
  if ('anomaly' in output) {
    return (
      <div className="answer">
        <span className="quiet small">{t('try.judged')}</span>
        <output className="answer-value">{t(output.anomaly ? 'try.unusual' : 'try.usual')}</output>
        <p className="quiet small">{t('try.score', { share: f.percent(output.score) })}</p>
        <div className="answer-bars">
          {output.why.map(({ column, share }) => (
            <ShareBar key={column} name={column} share={share} text={f.percent(share)} />
          ))}
        </div>
      </div>
    );
  }
  if (!('label' in output)) return <pre className="answer">{JSON.stringify(output, null, 2)}</pre>;
  const scores = Object.entries(output.scores).sort((a, b) => b[1] - a[1]);
  return (
    <div className="answer">
      <span className="quiet small">{t('try.label')}</span>
      <output className="answer-value">{output.label}</output>
      <div className="answer-bars">
        {scores.slice(0, 8).map(([label, score]) => (
          <ShareBar key={label} name={label} share={score} text={f.percent(score)} strong={label === output.label} />
        ))}
        {classes > 8 ? <span className="quiet small">{t('datasets.others', { count: classes - 8 })}</span> : null}
      </div>
    </div>
  );
}

/** `onAsk` hears what was asked last, for the snippets. */
export function TryIt({
  name,
  model,
  schema,
  onAsk,
}: {
  name: string;
  /** Id of the model that answers. */
  model: string;
  schema: Schema;
  onAsk: (request: PredictRequest) => void;
}) {
  const { t } = useWords();
  const examples = useMemo(
    () => Object.fromEntries(schema.inputs.map((input) => [input.column, input.example])),
    [schema],
  );
  const [row, setRow] = useState<Record<string, Cell>>(examples);
  const [settled] = useDebouncedValue(row, 180);
  const request = useMemo((): PredictRequest => ({ inputs: [settled] }), [settled]);
  useEffect(() => onAsk(request), [request, onAsk]);
  const answer = useQuery({
    queryKey: ['predict', name, settled],
    queryFn: async () => {
      const start = performance.now();
      const response = await api.call('deployments.predict', { params: { name }, body: request });
      return { response, milliseconds: performance.now() - start };
    },
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 10_000,
    retry: false,
  });
  const output = answer.data?.response.outputs[0];
  return (
    <div className="try">
      <div className={`try-inputs${schema.inputs.length > 24 ? ' many' : ''}`}>
        {schema.inputs.map((input) => (
          <Control
            key={input.column}
            input={input}
            value={row[input.column] ?? null}
            onChange={(value) => setRow({ ...row, [input.column]: value })}
          />
        ))}
        <div className="wide">
          <Button size="compact-sm" variant="subtle" onClick={() => setRow(examples)}>
            {t('try.reset')}
          </Button>
        </div>
      </div>
      <div className="try-answer" aria-live="polite">
        {answer.error ? <Problem error={answer.error} onRetry={() => void answer.refetch()} /> : null}
        {output && !answer.error ? (
          <>
            <Answer output={output} classes={schema.classes.length} />
            {'label' in output || 'value' in output ? (
              <Why key={JSON.stringify(settled)} model={model} input={settled} />
            ) : null}
            <p className="quiet small">
              {t('try.took', {
                ms: answer.data?.milliseconds.toFixed(1),
                model: `${answer.data?.response.model}@${answer.data?.response.version}`,
              })}
            </p>
          </>
        ) : null}
      </div>
    </div>
  );
}
