// Alert rules: looked at every second and at every answer and window, told at most once in a while, silenced on demand; what
// was said is kept with the rule.
import { reasonOf, reasonOfDrift, reasonOver, type Reason, tell } from '../monitor/index.ts';
import { type Alert, type AlertFiring, Fault, type Handlers } from '../schema/index.ts';
import type { JobContext } from './context.ts';
import type { Deployments } from './deployments.ts';
import type { Watching } from './watching.ts';

type Names = 'list' | 'create' | 'silence' | 'delete';

export interface Alerts {
  handlers: Pick<Handlers, `alerts.${Names}`>;
  close(): Promise<void>;
}

const everyMs = 1000;
const keptFirings = 50;

/** The alerts of an appliance. */
export function createAlerts(context: JobContext, parts: { deployments: Deployments; watching: Watching }): Alerts {
  const { store, events, log, lasting } = context;
  const { alerts } = store;
  /** When each rule spoke last of each deployment, ms since 1970. */
  const spoke = new Map<string, number>();
  const telling = new Set<Promise<void>>();
  /** Rules in memory: they are looked at with every answer. */
  let rules = alerts.list({ limit: 1000 }).items;
  const refresh = () => (rules = alerts.list({ limit: 1000 }).items);
  const about = (rule: Alert, deployment: string) => rule.deployment === undefined || rule.deployment === deployment;

  function speak(rule: Alert, deployment: string, reason: Reason): void {
    if (context.closing.aborted) return;
    const at = context.now();
    const key = `${rule.id} ${deployment}`;
    if (at - (spoke.get(key) ?? Number.NEGATIVE_INFINITY) < rule.every * 1000) return;
    spoke.set(key, at);
    const work = deliver(rule, deployment, reason, at).catch((error: unknown) =>
      log.warn({ alert: rule.id, err: error }, 'alert not told'),
    );
    telling.add(work);
    void work.finally(() => telling.delete(work));
  }

  async function deliver(rule: Alert, deployment: string, { value, message }: Reason, at: number): Promise<void> {
    const silenced = (rule.silentUntil ?? 0) > at;
    const failed: AlertFiring['failed'] = [];
    if (!silenced) {
      events.emit('alert.fired', rule.id, {
        name: rule.name,
        deployment,
        value,
        message,
        at,
        desktop: rule.tell.some(({ to }) => to === 'desktop'),
      });
      await Promise.all(
        rule.tell.map(async (channel) => {
          try {
            await tell(channel, { alert: rule.name, deployment, at, value, message }, context.closing);
          } catch (error) {
            failed.push({ to: channel.to, why: error instanceof Error ? error.message : String(error) });
          }
        }),
      );
    }
    log.info({ alert: rule.id, silenced, failed: failed.length }, 'alert');
    const now = alerts.look(rule.id);
    if (!now) return;
    const firing: AlertFiring = { at, deployment, value, message, silenced, failed };
    const changed = alerts.update(rule.id, { fired: [firing, ...now.fired].slice(0, keptFirings) });
    refresh();
    events.emit('alert.changed', rule.id, shown(changed));
  }

  const timer = setInterval(() => {
    const timed = rules.filter(({ when }) => 'seconds' in when);
    if (timed.length === 0) return;
    for (const live of parts.deployments.all()) {
      const watch = parts.watching.watch(live);
      for (const rule of timed) {
        const reason = about(rule, live.name) ? reasonOver(rule.when, (seconds) => watch.recent(seconds)) : undefined;
        if (reason) speak(rule, live.name, reason);
      }
    }
  }, everyMs).unref();
  if (!lasting) clearInterval(timer);

  parts.watching.listen({
    answered(deployment, outputs) {
      for (const rule of rules) {
        if (rule.when.on !== 'threshold' || !about(rule, deployment)) continue;
        const reason = reasonOf(rule.when, outputs);
        if (reason) speak(rule, deployment, reason);
      }
    },
    window(deployment, window) {
      for (const rule of rules) {
        const reason = about(rule, deployment) ? reasonOfDrift(rule.when, window) : undefined;
        if (reason) speak(rule, deployment, reason);
      }
    },
  });

  return {
    handlers: {
      'alerts.list': () => ({ items: alerts.list({ limit: 1000 }).items.map(shown) }),
      'alerts.create'({ body }) {
        if (body.deployment !== undefined) store.deployments.find(body.deployment);
        if (body.when.on === 'threshold' && body.when.above === undefined && body.when.below === undefined) {
          throw new Fault('bad_request', 'a threshold needs above or below');
        }
        const made = alerts.insert({ ...body, state: 'active', fired: [] });
        refresh();
        events.emit('alert.changed', made.id, shown(made));
        return shown(made);
      },
      'alerts.silence'({ params, body }) {
        const { id } = alerts.find(params.id);
        const until = body.minutes === 0 ? undefined : context.now() + body.minutes * 60_000;
        const changed = alerts.update(id, { silentUntil: until });
        refresh();
        events.emit('alert.changed', id, shown(changed));
        return shown(changed);
      },
      'alerts.delete'({ params }) {
        const { id } = alerts.find(params.id);
        alerts.remove(id);
        refresh();
        return { ok: true as const };
      },
    },
    async close() {
      clearInterval(timer);
      await Promise.all(telling);
    },
  };
}

/** A rule without the password of its mail server. */
function shown(rule: Alert): Alert {
  return {
    ...rule,
    tell: rule.tell.map((channel) => {
      if (channel.to !== 'email') return channel;
      const server = new URL(channel.server);
      if (server.password) server.password = '***';
      return { ...channel, server: server.href };
    }),
  };
}
