// One question to a model host on its way: waiting, in flight, asked again after a crash, answered once. It settles
// exactly once, whatever happens first: answer, deadline, a client that leaves.
import { Fault, type FromHost, type ToHost } from '../schema/index.ts';
import { bucketOf, type Priority } from './line.ts';

/** Which model answers: what the appliance calls it, and which record it is. */
export interface ServedModel {
  id: string;
  name: string;
  version: number;
}

export type Question =
  | Omit<Extract<ToHost, { type: 'predict' }>, 'id'>
  | Omit<Extract<ToHost, { type: 'infer' }>, 'id'>;
type HostAnswer = Extract<FromHost, { type: 'predicted' | 'inferred' }>;

export interface Answered {
  answer: HostAnswer;
  model: ServedModel;
  /** From asking to being sent to the host that answered, ms. */
  queueMs: number;
}

export interface AskOptions {
  /** Aborts when the client leaves. */
  signal?: AbortSignal;
  /** Time until `timeout`, ms; the set's own when left out. */
  deadlineMs?: number;
  /** `normal` when left out. */
  priority?: Priority;
  /** Hears a text that is written, piece by piece; a retried question begins anew only while none was heard. */
  onPiece?: (text: string) => void;
}

export interface Ask {
  readonly question: Question;
  readonly rows: number;
  /** Asks of one bucket may share a run, if they join. */
  readonly bucket: string;
  readonly joins: boolean;
  readonly priority: Priority;
  readonly askedAt: number;
  /** `performance.now()` at which it is refused. */
  readonly deadlineAt: number;
  /** Times it was sent to a host. */
  attempts: number;
  sentAt: number;
  /** Some of its answer is with the client, so that it cannot be asked again. */
  begun: boolean;
  /** Set by the ask itself. */
  settled: boolean;
  piece(text: string): void;
  answer(answer: HostAnswer, model: ServedModel): void;
  refuse(fault: Fault): void;
}

/** An ask and the promise of its answer. `onGone` is called when it settles without having been answered or refused. */
export function openAsk(
  question: Question,
  options: Pick<AskOptions, 'signal' | 'priority' | 'onPiece'> & { deadlineMs: number; onGone: (ask: Ask) => void },
): { ask: Ask; answered: Promise<Answered> } {
  const { signal, deadlineMs, onGone } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const settle = (end: () => void) => {
    if (ask.settled) return;
    ask.settled = true;
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
    end();
  };
  const leave = () =>
    settle(() => {
      onGone(ask);
      reject(new Fault('cancelled', 'the client left before the prediction was made'));
    });
  const timer = setTimeout(() => {
    settle(() => {
      onGone(ask);
      reject(lateFault(deadlineMs));
    });
  }, deadlineMs);
  const askedAt = performance.now();
  const { bucket, rows, joins } = bucketOf(question);
  // Fields, not accessors: an object with accessors of its own gets a hidden class of its own, which outlives it.
  const ask: Ask = {
    question,
    bucket,
    rows,
    joins,
    priority: options.priority ?? 'normal',
    askedAt,
    deadlineAt: askedAt + deadlineMs,
    attempts: 0,
    sentAt: 0,
    begun: false,
    settled: false,
    piece(text) {
      if (ask.settled) return;
      ask.begun = true;
      // A text that goes on being written is not late.
      timer.refresh();
      options.onPiece?.(text);
    },
    answer: (answer, model) => settle(() => resolve({ answer, model, queueMs: ask.sentAt - ask.askedAt })),
    refuse: (fault) => settle(() => reject(fault)),
  };
  if (signal?.aborted) leave();
  else signal?.addEventListener('abort', leave, { once: true });
  return { ask, answered: promise };
}

const lateFault = (deadlineMs: number): Fault =>
  new Fault(
    'timeout',
    `no prediction within ${deadlineMs < 1000 ? `${deadlineMs} ms` : `${deadlineMs / 1000} s`}; send fewer inputs at once, or raise replicas or limits.predictSeconds`,
  );
