// The model families as the API lists them: straight from their tables.
import { classicFamilies } from '../classic/index.ts';
import { families, takes } from '../models/index.ts';
import type { Handlers } from '../schema/index.ts';

export const familyHandlers: Pick<Handlers, 'families.list'> = {
  'families.list': () => ({
    items: [...Object.values(families), ...Object.values(classicFamilies)].map(({ name, says, hyper }) => ({
      name,
      says,
      hyper: Object.entries(hyper).map(([key, spec]) => ({
        name: key,
        says: spec.says,
        default: typeof spec.default === 'object' ? [...spec.default] : spec.default,
        takes: takes(spec),
      })),
    })),
  }),
};
