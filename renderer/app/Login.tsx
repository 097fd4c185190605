// The way in: a key, pasted once, becomes a session cookie. Teaches where keys come from.
import { Button } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Problem } from '../parts/Page.tsx';
import { Mark, Waves } from '../parts/Waves.tsx';
import { useWords } from '../parts/words.ts';
import { Preferences } from './Preferences.tsx';
import { logIn } from './session.ts';

export function Login() {
  const { t } = useWords();
  const [key, setKey] = useState('');
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await logIn({ key: key.trim() });
    } catch (fault) {
      setError(fault);
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="login">
      <div className="login-form">
        <div className="brand large">
          <Mark size={34} />
          <span>Neutrino</span>
        </div>
        <h1>{t('login.title')}</h1>
        <form onSubmit={(event) => void submit(event)}>
          {/* The browser's own field: the kit's would be a tenth of all that this page loads. */}
          <label>
            {t('login.key')}
            <input
              type="password"
              placeholder="nk_…"
              value={key}
              onChange={(event) => setKey(event.currentTarget.value)}
              autoComplete="current-password"
              // oxlint-disable-next-line jsx-a11y/no-autofocus -- the page has this one field
              autoFocus
              required
            />
          </label>
          {error === undefined ? null : <Problem error={error} />}
          <Button type="submit" variant="filled" size="sm" fullWidth loading={busy} disabled={key.trim() === ''}>
            {t('login.enter')}
          </Button>
        </form>
        <div className="login-help">
          <h2>{t('login.where')}</h2>
          <p>{t('login.console')}</p>
          <pre>npm run -s neutrino -- keys create --role admin</pre>
          <p>{t('login.private')}</p>
        </div>
        <Preferences />
      </div>
      <div className="login-art">
        <Waves width={900} height={420} />
        <p>{t('login.motto')}</p>
      </div>
    </main>
  );
}
