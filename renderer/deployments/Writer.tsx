// Ask a deployment that writes by hand: a text, how boldly and how long it shall write, and what it writes as it comes.
import { Button, NumberInput, Textarea } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { PredictRequest, RouteAnswer } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { Icon } from '../parts/Icon.tsx';
import { Problem } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

type Schema = RouteAnswer<'deployments.schema'>;

interface Settings {
  temperature: number;
  maxTokens: number;
  topP: number;
}

/** Another text has one right form; what goes on from a text has many. */
const usual: Record<NonNullable<Schema['writes']>, Settings> = {
  'language-model': { temperature: 0.8, maxTokens: 100, topP: 0.95 },
  'text-to-text': { temperature: 0, maxTokens: 100, topP: 1 },
};

interface Told {
  text: string;
  finish?: 'stop' | 'length';
  tokens?: number;
  ms?: number;
}

const numberOf = (value: string | number, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

/** `onAsk` hears what would be asked, for the snippets. */
export function Writer({
  name,
  schema,
  writes,
  onAsk,
}: {
  name: string;
  schema: Schema;
  writes: NonNullable<Schema['writes']>;
  onAsk: (request: PredictRequest) => void;
}) {
  const { t, f } = useWords();
  const example = schema.inputs[0]?.example;
  const [prompt, setPrompt] = useState(typeof example === 'string' ? example : '');
  const [settings, setSettings] = useState(usual[writes]);
  const [told, setTold] = useState<Told>();
  const [fault, setFault] = useState<unknown>();
  const [running, setRunning] = useState<AbortController>();
  const current = useRef<AbortController>(undefined);
  const { temperature, maxTokens, topP } = settings;

  useEffect(
    () => onAsk({ inputs: [prompt], generate: { maxTokens, ...(temperature > 0 ? { temperature, topP } : {}) } }),
    [prompt, temperature, maxTokens, topP, onAsk],
  );
  useEffect(() => () => current.current?.abort(), []);

  async function write() {
    const leaving = new AbortController();
    current.current = leaving;
    setRunning(leaving);
    setFault(undefined);
    setTold({ text: '' });
    const start = performance.now();
    try {
      const { finish, tokens } = await api.complete(
        { model: name, prompt, max_tokens: maxTokens, temperature, top_p: topP },
        { signal: leaving.signal, onText: (text) => setTold((before) => ({ text: (before?.text ?? '') + text })) },
      );
      const ms = performance.now() - start;
      setTold((before) => ({ text: before?.text ?? '', finish, tokens: tokens.written, ms }));
    } catch (error) {
      if (!leaving.signal.aborted) setFault(error);
    }
    setRunning(undefined);
  }

  const field = (key: keyof Settings, min: number, max: number, step: number) => (
    <NumberInput
      label={t(`write.${key}`)}
      value={settings[key]}
      onChange={(value) => setSettings({ ...settings, [key]: numberOf(value, settings[key]) })}
      min={min}
      max={max}
      step={step}
      clampBehavior="strict"
    />
  );
  return (
    <div className="try">
      <div className="try-inputs">
        <Textarea
          className="wide"
          label={writes === 'language-model' ? t('write.begin') : t('write.read')}
          value={prompt}
          onChange={(event) => setPrompt(event.currentTarget.value)}
          autosize
          minRows={3}
          maxRows={12}
        />
        {field('temperature', 0, 2, 0.1)}
        {field('maxTokens', 1, 100_000, 10)}
        {field('topP', 0.05, 1, 0.05)}
        <div className="wide">
          {running ? (
            <Button leftSection={<Icon name="stop" size={14} />} onClick={() => running.abort()}>
              {t('write.stop')}
            </Button>
          ) : (
            <Button variant="filled" leftSection={<Icon name="play" size={14} />} onClick={() => void write()}>
              {t('write.go')}
            </Button>
          )}
        </div>
      </div>
      <div className="try-answer" aria-live="polite" aria-busy={running !== undefined}>
        {fault ? <Problem error={fault} onRetry={() => void write()} /> : null}
        {told ? (
          <div className="answer">
            <span className="quiet small">{t('write.written')}</span>
            <output className="answer-text">
              {writes === 'language-model' ? <span className="quiet">{prompt}</span> : null}
              {told.text}
            </output>
            {told.finish ? (
              <p className="quiet small">
                {t(`write.finish.${told.finish}`)}{' '}
                {t('write.took', {
                  tokens: f.count(told.tokens ?? 0),
                  rate: f.figure((told.tokens ?? 0) / Math.max(0.001, (told.ms ?? 0) / 1000), 3),
                })}
              </p>
            ) : null}
          </div>
        ) : (
          <p className="quiet small">{t('write.hint')}</p>
        )}
      </div>
    </div>
  );
}
