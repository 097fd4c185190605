// What runs now, what to do next, and how the machine is.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { isRunOver } from '../../engine/schema/index.ts';
import { ImportButton } from '../app/Drop.tsx';
import { ask } from '../app/queries.ts';
import { useTrain } from '../app/train.ts';
import { useRuns } from '../app/useRuns.ts';
import { Icon } from '../parts/Icon.tsx';
import { Page, Problem, Section, Waiting } from '../parts/Page.tsx';
import { State } from '../parts/State.tsx';
import { useVisible } from '../parts/useVisible.ts';
import { useWords } from '../parts/words.ts';
import { RunsBrief } from '../runs/RunsBrief.tsx';
import { Machine } from './Machine.tsx';
import { RoomBrief } from './RoomBrief.tsx';

/** The road from a file to an endpoint: which steps are done, and the first that is not. */
function Road() {
  const { t } = useWords();
  const train = useTrain();
  const datasets = useVisible(useQuery(ask.datasets()).data?.items).filter((item) => item.state === 'ready');
  const models = useVisible(useQuery(ask.models()).data?.items);
  const deployments = (useQuery(ask.deployments()).data?.items ?? []).filter((item) => item.state !== 'stopped');
  const newest = models[0];
  const steps = [
    {
      name: 'data',
      done: datasets.length > 0,
      action: <ImportButton primary={datasets.length === 0} />,
    },
    {
      name: 'train',
      done: models.length > 0,
      action: (
        <Button
          variant={models.length === 0 && datasets.length > 0 ? 'filled' : 'default'}
          onClick={() => train.open()}
        >
          {t('train')}
        </Button>
      ),
    },
    {
      name: 'deploy',
      done: deployments.length > 0,
      action: newest ? (
        <Button component={Link} to={`/models/${newest.id}`} variant={deployments.length === 0 ? 'filled' : 'default'}>
          {t('road.open', { name: newest.name })}
        </Button>
      ) : null,
    },
    {
      name: 'call',
      done: false,
      action: deployments[0] ? (
        <Button component={Link} to={`/deployments/${deployments[0].name}`} variant="default">
          {t('road.try', { name: deployments[0].name })}
        </Button>
      ) : null,
    },
  ] as const;
  const next = steps.findIndex((step) => !step.done);
  return (
    <ol className={next >= 2 ? 'road across' : 'road'}>
      {steps.map((step, index) => (
        <li key={step.name} className={step.done ? 'done' : index === next ? 'next' : 'later'}>
          <span className="road-mark" aria-hidden="true">
            {step.done ? <Icon name="check" size={13} /> : index + 1}
          </span>
          <div>
            <h3>
              {t(`road.${step.name}`)}
              {step.done ? <span className="visually-hidden"> ({t('done')})</span> : null}
            </h3>
            <p className="soft small">{t(`road.${step.name}.words`)}</p>
            {index <= next || step.done ? <div className="actions">{step.action}</div> : null}
          </div>
        </li>
      ))}
    </ol>
  );
}

export function Home() {
  const { t } = useWords();
  const runs = useRuns({});
  const active = runs.rows.filter((run) => !isRunOver(run.state));
  const recent = runs.rows.filter((run) => isRunOver(run.state)).slice(0, 6);
  const served = (useQuery(ask.deployments()).data?.items ?? []).filter((item) => item.state !== 'stopped');
  const started = runs.rows.length > 0;
  return (
    <Page title={t('home.title')}>
      {runs.error ? <Problem error={runs.error} onRetry={runs.retry} /> : null}
      {runs.pending ? <Waiting /> : null}
      <div className="home">
        <div>
          {active.length > 0 ? (
            <Section title={t('home.now')}>
              <RunsBrief runs={active} />
            </Section>
          ) : null}
          <Section title={t(started ? 'home.road' : 'home.begin')}>
            <Road />
          </Section>
          {recent.length > 0 ? (
            <Section title={t('home.recent')} side={<Link to="/runs">{t('runs.all')}</Link>}>
              <RunsBrief runs={recent} />
            </Section>
          ) : null}
        </div>
        <div>
          {served.length > 0 ? (
            <Section title={t('home.served')}>
              <ul className="served">
                {served.slice(0, 6).map((item) => (
                  <li key={item.id}>
                    <Link to="/deployments/$name" params={{ name: item.name }} className="strong">
                      {item.name}
                    </Link>
                    <State state={item.state} />
                    <span className="quiet">
                      {item.model.name}@{item.model.version}
                    </span>
                  </li>
                ))}
              </ul>
            </Section>
          ) : null}
          <Section title={t('home.machine')}>
            <Machine />
          </Section>
          <Section title={t('place.room')} side={<Link to="/room">{t('home.roomOpen')}</Link>}>
            <RoomBrief />
          </Section>
        </div>
      </div>
    </Page>
  );
}
