// Which role may do what: the one table. Routes name an action, keys name a role.
import { type Action, actions, type ApiKey, type Role } from '../schema/index.ts';

const everyone = ['public', 'session'] as const satisfies Action[];

/** What each role may do. `public` and `session` are open to every key. */
export const roleActions: Record<Role, readonly Action[]> = {
  admin: actions,
  trainer: [
    ...everyone,
    'datasets:read',
    'datasets:write',
    'runs:read',
    'runs:write',
    'models:read',
    'models:write',
    'deployments:read',
    'deployments:predict',
    'system:read',
  ],
  deployer: [
    ...everyone,
    'runs:read',
    'models:read',
    'models:write',
    'deployments:read',
    'deployments:write',
    'deployments:predict',
    'system:read',
  ],
  predictor: [...everyone, 'deployments:predict'],
};

/** Whether a role may do something at all. */
export const can = (role: Role, action: Action): boolean => roleActions[role].includes(action);

/**
 * Whether a key may do something. A key that is limited to named deployments may predict with those only, so an action
 * that names none of them is refused.
 */
export function allows(key: Pick<ApiKey, 'role' | 'deployments'>, action: Action, deployment?: string): boolean {
  if (!can(key.role, action)) return false;
  if (!key.deployments || everyone.some((open) => open === action)) return true;
  return deployment !== undefined && key.deployments.includes(deployment);
}
