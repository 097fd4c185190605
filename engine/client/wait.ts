// Waits for something on the appliance to come to its end: woken by its events, and by the clock should they not arrive.
import { Fault, type LiveEvent } from '../schema/index.ts';
import type { Client, WaitOptions } from './options.ts';

interface Wait<T> extends WaitOptions {
  id: string;
  show: () => Promise<T>;
  isOver: (value: T) => boolean;
  onEvent?: ((event: LiveEvent) => void) | undefined;
}

/** The first state of the thing that is an end. Rejects when it cannot be read, or with `cancelled`. */
export function waitFor<T>(client: Pick<Client, 'events'>, wait: Wait<T>): Promise<T> {
  const { id, show, isOver, onEvent, signal, pollMs = 2000 } = wait;
  return new Promise((resolve, reject) => {
    let looking = false;
    let again = false;
    let misses = 0;

    const end = (settle: () => void) => {
      clearInterval(timer);
      stop();
      signal?.removeEventListener('abort', cancel);
      settle();
    };
    const cancel = () =>
      end(() => reject(signal?.reason instanceof Fault ? signal.reason : new Fault('cancelled', 'cancelled')));
    const look = async (): Promise<void> => {
      if (looking) {
        again = true;
        return;
      }
      looking = true;
      try {
        do {
          again = false;
          const value = await show();
          misses = 0;
          if (isOver(value)) return end(() => resolve(value));
        } while (again);
      } catch (error) {
        // The appliance may be restarting; what it then says about the thing decides.
        if (!isPassing(error) || ++misses > mostMisses) end(() => reject(error));
      } finally {
        looking = false;
      }
    };
    const stop = client.events({
      onEvent(event) {
        if (event.id !== id) return;
        onEvent?.(event);
        if (event.type.endsWith('.changed') || event.type.endsWith('.removed')) void look();
      },
      onResync: () => void look(),
    });
    const timer = setInterval(() => void look(), pollMs);
    if (signal?.aborted) return cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    void look();
  });
}

const mostMisses = 10;

const isPassing = (error: unknown): boolean =>
  error instanceof Fault &&
  ['not_running', 'unreachable', 'unavailable', 'too_many_requests', 'timeout'].includes(error.code);
