// The room in a few lines: how many machines are there and linked, and the runs that several of them share.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ask } from '../app/queries.ts';
import { useRuns } from '../app/useRuns.ts';
import { State } from '../parts/State.tsx';
import { useWords } from '../parts/words.ts';

const mostMachines = 5;

/** Nothing where the caller may not see the room. */
export function RoomBrief() {
  const { t } = useWords();
  const room = useQuery({ ...ask.room(), retry: false }).data;
  const machines = (useQuery({ ...ask.peers(), retry: false }).data?.items ?? []).filter(
    (peer) => peer.trust === 'paired',
  );
  const jobs = (useQuery({ ...ask.jobs(), retry: false }).data?.items ?? []).filter((job) => job.state !== 'over');
  const runs = useRuns({}).rows;
  if (!room) return null;
  return (
    <>
      <p className="soft">
        {room.state === 'up'
          ? t('home.roomCount', { paired: room.paired, linked: room.linked, seen: room.seen })
          : t('room.off')}
      </p>
      {machines.length > 0 ? (
        <ul className="devices">
          {machines.slice(0, mostMachines).map((peer) => (
            <li key={peer.id}>
              <State state={peer.link === 'up' ? 'ready' : 'stopped'} bare />
              <span>{peer.name}</span>
            </li>
          ))}
        </ul>
      ) : null}
      {jobs.map((job) => (
        <p key={job.id} className="small">
          <Link to="/room">
            {t('home.roomJob', {
              name: runs.find((run) => run.id === job.id)?.name ?? job.id,
              count: job.members.length,
            })}
          </Link>
        </p>
      ))}
      {room.state === 'up' && room.paired === 0 ? (
        <p className="small">
          <Link to="/room">{t('home.roomPair')}</Link>
        </p>
      ) : null}
    </>
  );
}
