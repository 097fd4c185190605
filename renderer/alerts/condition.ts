// An alert's condition in words, and from the form that a person filled to what the appliance takes. Pure.
import type { AlertChannel, AlertCondition } from '../../engine/schema/index.ts';
import type { Format } from '../parts/format.ts';
import type { Say } from '../words/index.ts';

/** What the form holds; numbers as they were typed. */
export interface Form {
  name: string;
  deployment: string;
  on: AlertCondition['on'];
  above: number;
  class: string;
  seconds: number;
  to: AlertChannel['to'];
  url: string;
  address: string;
  server: string;
}

/** The form as it opens. */
export const blank: Form = {
  name: '',
  deployment: '',
  on: 'drift',
  above: 5,
  class: '',
  seconds: 300,
  to: 'desktop',
  url: '',
  address: '',
  server: 'smtp://127.0.0.1:25',
};

/** A condition as a line of a list. */
export function conditionWords(when: AlertCondition, t: Say, f: Format): string {
  const within = 'seconds' in when ? { seconds: f.span(when.seconds * 1000) } : {};
  switch (when.on) {
    case 'drift':
      return t('alerts.says.drift');
    case 'errors':
      return t('alerts.says.errors', { above: f.percent(when.above), ...within });
    case 'latency':
      return t('alerts.says.latency', { above: f.figure(when.above), ...within });
    case 'burst':
      return t('alerts.says.burst', { class: when.class, above: when.above, ...within });
    case 'threshold': {
      const name = when.class ?? t('alerts.value');
      return when.above === undefined
        ? t('alerts.says.below', { class: name, below: f.figure(when.below) })
        : t('alerts.says.above', { class: name, above: f.figure(when.above) });
    }
  }
}

/** The condition that the form means. A share is typed in per cent. */
export function conditionOf(form: Form): AlertCondition {
  const { on, above, seconds } = form;
  if (on === 'drift') return { on };
  if (on === 'errors') return { on, above: above / 100, seconds };
  if (on === 'latency') return { on, above, seconds };
  if (on === 'burst') return { on, class: form.class, above, seconds };
  return { on, above, ...(form.class === '' ? {} : { class: form.class }) };
}

/** Where the form sends it. */
export function channelOf({ to, url, address, server }: Form): AlertChannel {
  if (to === 'webhook') return { to, url };
  return to === 'email' ? { to, address, server } : { to };
}
