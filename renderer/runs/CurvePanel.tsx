// The curves of one or several runs with their switches: which metric, which axis, log scale, smoothing. The switches are
// remembered by this browser.
import { SegmentedControl, Slider, Switch } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useMemo } from 'react';
import type { MetricPoint } from '../../engine/schema/index.ts';
import { Curve } from '../charts/Curve.tsx';
import { lineOf, type XAxis } from '../charts/lines.ts';
import { useWords } from '../parts/words.ts';

interface Source {
  name: string;
  points: MetricPoint[];
}
interface View {
  metric: string;
  axis: XAxis;
  log: boolean;
  smoothing: number;
  part: 'train' | 'val';
}
const parts = ['train', 'val'] as const;

/** `single`: lines are training and validation; `trials`: of a search, whose steps are trials. Otherwise one line a run, of the chosen part. */
export function CurvePanel({
  sources,
  height,
  single = false,
  trials = false,
}: {
  sources: Source[];
  height: number;
  single?: boolean;
  trials?: boolean;
}) {
  const { t, f } = useWords();
  const [view, setView] = useLocalStorage<View>({
    key: 'neutrino.curve',
    defaultValue: { metric: 'loss', axis: 'step', log: false, smoothing: 0, part: 'val' },
    getInitialValueInEffect: false,
  });
  const metrics = useMemo(() => {
    const names = new Set(sources.flatMap((source) => source.points.map((point) => point.name)));
    return [...new Set([...names].map((name) => name.replace(/^(train|val)\./, '')))].sort(
      (a, b) => (a === 'loss' ? -1 : 0) - (b === 'loss' ? -1 : 0) || a.localeCompare(b),
    );
  }, [sources]);
  const metric = metrics.includes(view.metric) ? view.metric : 'loss';
  const axis = trials && view.axis === 'epoch' ? 'step' : view.axis;
  const lines = useMemo(() => {
    const all = single
      ? sources.flatMap((source) => [
          ...parts.map((part) =>
            lineOf(source.points, `${part}.${metric}`, t(trials ? 'search.best' : `runs.${part}`), axis),
          ),
          lineOf(source.points, metric, metric, axis),
        ])
      : sources.map((source) => {
          const line = lineOf(source.points, `${view.part}.${metric}`, source.name, axis);
          return line.xs.length > 0 ? line : lineOf(source.points, metric, source.name, axis);
        });
    return all.filter((line) => line.xs.length > 0);
  }, [sources, metric, axis, view.part, single, trials, t]);
  const trainings = Math.max(0, ...lines.map((line) => line.starts.length));
  const words = lines
    .map((line) => t('runs.curveAt', { name: line.name, value: f.figure(line.ys.at(-1)), x: f.figure(line.xs.at(-1)) }))
    .join('; ');
  const metricName = (name: string): string =>
    name in metricNames ? t(metricNames[name as keyof typeof metricNames]) : name;

  return (
    <div className="curve-panel">
      <div className="toolbar tight">
        {metrics.length > 1 ? (
          <SegmentedControl
            aria-label={t('runs.metric')}
            value={metric}
            onChange={(value) => setView({ ...view, metric: value })}
            data={metrics.slice(0, 6).map((name) => ({ value: name, label: metricName(name) }))}
          />
        ) : null}
        {single ? null : (
          <SegmentedControl
            aria-label={t('runs.part')}
            value={view.part}
            onChange={(value) => setView({ ...view, part: value })}
            data={parts.map((part) => ({ value: part, label: t(`runs.${part}`) }))}
          />
        )}
        <SegmentedControl
          aria-label={t('runs.axis')}
          value={axis}
          onChange={(value) => setView({ ...view, axis: value })}
          data={(trials ? (['step', 'time'] as const) : (['step', 'epoch', 'time'] as const)).map((value) => ({
            value,
            label: t(trials && value === 'step' ? 'axis.trial' : `axis.${value}`),
          }))}
        />
        <Switch
          label={t('runs.log')}
          checked={view.log}
          onChange={(event) => setView({ ...view, log: event.currentTarget.checked })}
        />
        <div className="smoothing">
          <span id="smoothing-label">{t('runs.smoothing')}</span>
          <Slider
            size="xs"
            w={84}
            min={0}
            max={0.98}
            step={0.02}
            value={view.smoothing}
            onChange={(smoothing) => setView({ ...view, smoothing })}
            label={null}
            thumbLabel={t('runs.smoothing')}
          />
          <span className="mono quiet">{view.smoothing.toFixed(2)}</span>
        </div>
      </div>
      {lines.length > 0 ? (
        <Curve
          lines={lines}
          log={view.log && lines.some((line) => line.ys.some((y) => y > 0))}
          smoothing={view.smoothing}
          height={height}
          label={`${metricName(metric)}. ${words}`}
          axis={t(trials && axis === 'step' ? 'axis.trial.long' : `axis.${axis}.long`)}
          format={(value) => f.figure(value, 3)}
        />
      ) : (
        <div className="curve-wait quiet" style={{ height }}>
          {t('runs.noPoints')}
        </div>
      )}
      {trainings > 0 ? <p className="quiet small starts">{t('runs.starts')}</p> : null}
    </div>
  );
}

const metricNames = {
  loss: 'metric.loss',
  accuracy: 'metric.accuracy',
  r2: 'metric.r2',
  ndcg: 'metric.ndcg',
  tokenAccuracy: 'metric.tokenAccuracy',
  rmse: 'metric.rmse',
  mae: 'metric.mae',
  lr: 'metric.lr',
} as const;
