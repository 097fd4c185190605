// A pairing under way: the code, large, and what the person here says of it.
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { Pairing } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { queryClient } from '../app/queries.ts';
import { showFault } from '../parts/faultWords.ts';
import { Icon } from '../parts/Icon.tsx';
import { useWords } from '../parts/words.ts';

export function PairingCard({ pairing }: { pairing: Pairing }) {
  const { t } = useWords();
  const { id, name, code, here, outcome, why } = pairing;
  const settled = {
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['room'] }),
    onError: (error: unknown) => showFault(error),
  };
  const confirm = useMutation({
    mutationFn: () => api.call('peers.confirm', { params: { id }, body: {} }),
    ...settled,
  });
  const reject = useMutation({ mutationFn: () => api.call('peers.reject', { params: { id }, body: {} }), ...settled });
  if (outcome) {
    const good = outcome === 'paired';
    return (
      <output className={good ? 'verdict good' : 'verdict bad'}>
        <Icon name={good ? 'check' : 'warning'} size={14} />
        {good ? t('room.paired', { name }) : t('room.failed', { name, why: why ?? '' })}
      </output>
    );
  }
  return (
    <section className="pairing" aria-label={t('room.pairName', { name })}>
      <div className="pairing-code" data-testid="code">
        {code ? `${code.slice(0, 3)} ${code.slice(3)}` : t('room.code')}
      </div>
      <div>
        <h2>{t('room.compare', { name })}</h2>
        <p className="soft">{t('room.compareWords')}</p>
        <div className="actions">
          {here ? (
            <span className="quiet">{t('room.wait')}</span>
          ) : (
            <>
              <Button variant="filled" disabled={!code} loading={confirm.isPending} onClick={() => confirm.mutate()}>
                {t('room.agree')}
              </Button>
              <Button onClick={() => reject.mutate()} loading={reject.isPending}>
                {t('room.differ')}
              </Button>
            </>
          )}
        </div>
      </div>
    </section>
  );
}
