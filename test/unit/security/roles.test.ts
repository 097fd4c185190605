import { expect, test } from 'vitest';
import { allows, can, roleActions } from '../../../engine/security/index.ts';
import { actions, roles } from '../../../engine/schema/index.ts';

test('the table of roles is pinned, so that a changed right shows up in a diff', () => {
  const letters = Object.fromEntries(
    actions.map((action) => [
      action,
      roles
        .filter((role) => can(role, action))
        .map((role) => role)
        .join(' '),
    ]),
  );
  expect(letters).toEqual({
    public: 'admin trainer deployer predictor',
    session: 'admin trainer deployer predictor',
    'datasets:read': 'admin trainer',
    'datasets:write': 'admin trainer',
    'runs:read': 'admin trainer deployer',
    'runs:write': 'admin trainer',
    'models:read': 'admin trainer deployer',
    'models:write': 'admin trainer deployer',
    'deployments:read': 'admin trainer deployer',
    'deployments:write': 'admin deployer',
    'deployments:predict': 'admin trainer deployer predictor',
    'keys:read': 'admin',
    'keys:write': 'admin',
    'audit:read': 'admin',
    'system:read': 'admin trainer deployer',
    'system:write': 'admin',
  });
});

test('an admin may do everything there is', () => {
  expect([...roleActions.admin]).toEqual([...actions]);
});

test('a key for named deployments predicts with those only', () => {
  const key = { role: 'predictor' as const, deployments: ['iris'] };
  expect(allows(key, 'deployments:predict', 'iris')).toBe(true);
  expect(allows(key, 'deployments:predict', 'digits')).toBe(false);
  expect(allows(key, 'deployments:predict')).toBe(false);
  expect(allows(key, 'session')).toBe(true);
  expect(allows(key, 'datasets:read')).toBe(false);
  expect(allows({ role: 'predictor' }, 'deployments:predict', 'digits')).toBe(true);
  expect(allows({ role: 'admin', deployments: ['iris'] }, 'keys:write')).toBe(false);
});
