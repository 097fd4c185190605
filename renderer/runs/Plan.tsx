// What the appliance decided to do and why, settings beside reasons.
import type { RunPlan } from '../../engine/schema/index.ts';
import { useWords } from '../parts/words.ts';

/** A hyper-parameter or nested setting as a short text. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(shown).join(' · ') || '–';
  if (value !== null && typeof value === 'object') {
    return Object.entries(value)
      .map(([name, inner]) => `${name} ${shown(inner)}`)
      .join(', ');
  }
  if (value === undefined || value === null) return '–';
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '–');
}

export function Plan({ plan }: { plan: RunPlan }) {
  const { t, f, said } = useWords();
  const { kind, ...optimizer } = plan.optimizer ?? {};
  const settings: [string, string][] = [
    [t('plan.task'), t(`task.${plan.task}`)],
    [t('plan.family'), plan.family],
    ...Object.entries(plan.hyper).map(([name, value]): [string, string] => [name, shown(value)]),
    // What is not trained in steps has none of these.
    ...(kind === undefined
      ? []
      : ([
          [t('plan.optimizer'), `${kind}${Object.keys(optimizer).length > 0 ? ` (${shown(optimizer)})` : ''}`],
          [
            t('plan.schedule'),
            shown(plan.schedule?.kind) +
              (plan.schedule?.warmup ? ` · ${t('plan.warmup')} ${f.percent(plan.schedule.warmup)}` : ''),
          ],
          [t('plan.rate'), f.figure(plan.learningRate ?? 0)],
          [t('plan.batch'), f.count(plan.batchSize ?? 0)],
          [t('plan.epochs'), t('plan.upTo', { epochs: f.count(plan.epochs ?? 0), patience: plan.patience })],
        ] satisfies [string, string][])),
    [t('plan.split'), `${f.count(plan.rows.train)} / ${f.count(plan.rows.validation)} / ${f.count(plan.rows.test)}`],
    [t('plan.seed'), String(plan.seed)],
    [t('plan.device'), `${plan.device} · ${t('plan.threads', { count: plan.threads })}`],
  ];
  return (
    <div className="plan">
      <dl className="settings">
        {settings.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div>
        <h3>{t('plan.reasons')}</h3>
        <ul className="reasons">
          {plan.reasons.map((reason) => (
            <li key={reason}>{said(reason)}</li>
          ))}
        </ul>
        <h3>{t('plan.features', { count: plan.features.length })}</h3>
        <p className="chips">
          {plan.features.slice(0, 40).map((feature) => (
            <span key={feature.column} className="chip" title={t(`as.${feature.as}`)}>
              {feature.column} <span className="quiet">{t(`as.${feature.as}`)}</span>
            </span>
          ))}
          {plan.features.length > 40 ? <span className="quiet">+{plan.features.length - 40}</span> : null}
        </p>
        {plan.ignored.length > 0 ? (
          <>
            <h3>{t('plan.ignored', { count: plan.ignored.length })}</h3>
            <ul className="reasons">
              {plan.ignored.map((item) => (
                <li key={item.column}>
                  <code>{item.column}</code> {said(item.why)}
                </li>
              ))}
            </ul>
          </>
        ) : null}
      </div>
    </div>
  );
}
