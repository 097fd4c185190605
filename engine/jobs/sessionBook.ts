// Where browser sessions outlive a restart: a sealed setting that holds hashes of tokens, never tokens. It counts in the data directory
// that wrote it only, so that a backup that is restored brings back nobody who has logged out since.
import { statSync } from 'node:fs';
import type { Caller } from '../schema/index.ts';
import type { KeptSession, SessionKeeper } from '../security/index.ts';
import type { JobContext } from './context.ts';

const setting = 'sessions';

interface Written {
  place: string;
  sessions: KeptSession<Caller>[];
}

/** The sessions of an appliance. What cannot be read logs everybody out; what cannot be written is said in the log. */
export function openSessionBook({ config, store, log }: JobContext): SessionKeeper<Caller> {
  const { ino, birthtimeMs } = statSync(config.dataDir);
  const place = `${ino} ${birthtimeMs}`;
  return {
    read() {
      try {
        const written = store.settings.get(setting) as Written | undefined;
        return written?.place === place ? written.sessions : [];
      } catch (error) {
        log.warn({ err: error }, 'sessions of before are lost');
        return [];
      }
    },
    write(sessions) {
      try {
        store.settings.set(setting, { place, sessions });
      } catch (error) {
        log.warn({ err: error }, 'sessions will not outlive a restart');
      }
    },
  };
}
