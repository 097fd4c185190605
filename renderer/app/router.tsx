// The table of screens. Each loads when first visited. Hash addresses, so that any static server (and Electron) can
// serve the page, and the filters of a screen live in its address and survive a reload.
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import { Home } from '../home/Home.tsx';
import { Lost, Trouble } from './Lost.tsx';
import { Shell } from './Shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: Lost, errorComponent: Trouble });
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** What runs can be put together by. */
export const groupings = ['experiment', 'dataset', 'family'] as const;
export type GroupBy = (typeof groupings)[number];

/** What the address of the runs screen may hold. */
export interface RunsSearch {
  search?: string | undefined;
  state?: string | undefined;
  experiment?: string | undefined;
  dataset?: string | undefined;
  family?: string | undefined;
  sort?: string | undefined;
  /** Shows groups in place of runs. */
  group?: GroupBy | undefined;
}

const home = createRoute({ getParentRoute: () => root, path: '/', component: Home });
const datasets = createRoute({
  getParentRoute: () => root,
  path: '/datasets',
  component: lazyRouteComponent(() => import('../datasets/Datasets.tsx'), 'Datasets'),
});
const dataset = createRoute({
  getParentRoute: () => root,
  path: '/datasets/$id',
  validateSearch: ({ tab }: Record<string, unknown>): { tab?: string } => {
    const shown = text(tab);
    return shown === undefined ? {} : { tab: shown };
  },
  component: lazyRouteComponent(() => import('../datasets/DatasetPage.tsx'), 'DatasetPage'),
});
const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: (search: Record<string, unknown>): RunsSearch => ({
    search: text(search['search']),
    state: text(search['state']),
    experiment: text(search['experiment']),
    dataset: text(search['dataset']),
    family: text(search['family']),
    sort: text(search['sort']),
    group: groupings.find((by) => by === search['group']),
  }),
  component: lazyRouteComponent(() => import('../runs/Runs.tsx'), 'Runs'),
});
const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$id',
  component: lazyRouteComponent(() => import('../runs/RunPage.tsx'), 'RunPage'),
});
const compare = createRoute({
  getParentRoute: () => root,
  path: '/compare/$ids',
  component: lazyRouteComponent(() => import('../runs/Compare.tsx'), 'Compare'),
});
const card = createRoute({
  getParentRoute: () => root,
  path: '/card/$run',
  component: lazyRouteComponent(() => import('../models/CardPage.tsx'), 'CardPage'),
});
const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  component: lazyRouteComponent(() => import('../models/Models.tsx'), 'Models'),
});
const model = createRoute({
  getParentRoute: () => root,
  path: '/models/$id',
  component: lazyRouteComponent(() => import('../models/ModelPage.tsx'), 'ModelPage'),
});
const deployments = createRoute({
  getParentRoute: () => root,
  path: '/deployments',
  component: lazyRouteComponent(() => import('../deployments/Deployments.tsx'), 'Deployments'),
});
const deployment = createRoute({
  getParentRoute: () => root,
  path: '/deployments/$name',
  component: lazyRouteComponent(() => import('../deployments/DeploymentPage.tsx'), 'DeploymentPage'),
});
const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  component: lazyRouteComponent(() => import('../keys/Keys.tsx'), 'Keys'),
});

const room = createRoute({
  getParentRoute: () => root,
  path: '/room',
  component: lazyRouteComponent(() => import('../room/Room.tsx'), 'Room'),
});

const alerts = createRoute({
  getParentRoute: () => root,
  path: '/alerts',
  component: lazyRouteComponent(() => import('../alerts/Alerts.tsx'), 'Alerts'),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('../settings/Settings.tsx'), 'Settings'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    datasets,
    dataset,
    runs,
    run,
    compare,
    models,
    model,
    card,
    deployments,
    deployment,
    keys,
    room,
    alerts,
    settings,
  ]),
  history: createHashHistory(),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
