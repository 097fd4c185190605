// Takes an alert to where it is wanted: a webhook, an e-mail over SMTP. The desktop hears it as a live event from its owner.
import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { type AlertChannel, Fault } from '../schema/index.ts';

/** What is told. */
export interface Telling {
  alert: string;
  deployment: string;
  /** Milliseconds since 1970. */
  at: number;
  value: number;
  message: string;
}

const patienceMs = 10_000;
const tries = 3;
const pauseMs = 500;

/**
 * Delivers or throws an Error whose message says why not; three tries, but one where it is refused (`forbidden`). Once `signal`
 * aborts it throws the signal's reason at once, whatever was on its way.
 */
export async function tell(channel: AlertChannel, telling: Telling, signal?: AbortSignal): Promise<void> {
  if (channel.to === 'desktop') return;
  for (let n = 1; ; n++) {
    try {
      return await (channel.to === 'webhook' ? post(channel.url, telling, signal) : mail(channel, telling, signal));
    } catch (error) {
      signal?.throwIfAborted();
      if (n === tries || error instanceof Fault) throw error;
      await pause(pauseMs * n, undefined, { ref: false, ...(signal ? { signal } : {}) });
    }
  }
}

/** Link-local addresses: nobody is told anything there, but clouds keep a machine's own secrets at one. */
const refused = new BlockList();
refused.addSubnet('169.254.0.0', 16, 'ipv4');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addAddress('fd00:ec2::254', 'ipv6');

async function needAllowed(hostname: string): Promise<void> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const found = await lookup(host, { all: true });
  if (found.some(({ address }) => refused.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')))
    throw new Fault('forbidden', `${host} is a link-local address, to which no alert goes`);
}

async function post(url: string, telling: Telling, signal?: AbortSignal): Promise<void> {
  await needAllowed(new URL(url).hostname);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(telling),
    signal: AbortSignal.any([AbortSignal.timeout(patienceMs), ...(signal ? [signal] : [])]),
    redirect: 'error',
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
}

async function mail(
  channel: Extract<AlertChannel, { to: 'email' }>,
  telling: Telling,
  signal?: AbortSignal,
): Promise<void> {
  const url = new URL(channel.server);
  await needAllowed(url.hostname);
  const secure = url.protocol === 'smtps:';
  const transport = createTransport({
    host: url.hostname,
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    // A password goes over no line that others can read.
    requireTLS: !secure && url.password !== '',
    ...(url.username
      ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }
      : {}),
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const leave = () => transport.close();
  signal?.addEventListener('abort', leave, { once: true });
  try {
    const at = new Date(telling.at).toISOString();
    const sent = transport.sendMail({
      from: channel.from ?? 'neutrino@localhost',
      to: channel.address,
      subject: `[neutrino] ${telling.alert}: ${telling.deployment}`,
      text: `${telling.message}\n\nDeployment: ${telling.deployment}\nAlert: ${telling.alert}\nValue: ${telling.value}\nTime: ${at}\n`,
    });
    await orAborted(sent, signal);
  } finally {
    signal?.removeEventListener('abort', leave);
    transport.close();
  }
}

/** A server that says nothing more would hold a mail until its timeout. */
async function orAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return void (await work);
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = () => reject(signal.reason as Error);
  signal.addEventListener('abort', leave, { once: true });
  work.catch(() => undefined);
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
