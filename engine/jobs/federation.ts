// Federated runs, as appliances settle them: what a request may ask for, and which dataset of a machine may be trained on for another
// one's run. The dataset itself goes nowhere.
import {
  type Dataset,
  type DatasetGrant,
  Fault,
  isClassic,
  type RoomWord,
  taskAsked,
  type TrainRequest,
} from '../schema/index.ts';

type Invite = Extract<RoomWord, { say: 'invite' }>;

export const isFederated = ({ sync }: Pick<TrainRequest, 'sync'>): boolean => sync === 'federated';

/** Fewest machines besides this one: below that a sum tells what one of them brought. */
const fewestPeers = 2;

/** Fault `bad_request` that names what does not go together. */
export function checkFederated(request: TrainRequest, peers: number): void {
  const refuse = (why: string): never => {
    throw new Fault('bad_request', why);
  };
  if (peers < fewestPeers)
    refuse(
      'a federated run takes three machines or more, so that no sum tells what one of them brought; name two peers or more with --peers',
    );
  if (request.model === 'auto' || isClassic(request.model) || request.model === 'pretrained')
    refuse('a federated run trains one network from its beginning; name it with --model, for instance mlp');
  if (taskAsked(request) !== undefined && !['binary', 'multiclass', 'regression'].includes(taskAsked(request) ?? ''))
    refuse('a federated run learns a column of classes or numbers');
  if (request.wire !== undefined)
    refuse('what federated members bring travels under masks, as it is; leave --wire out');
}

/** What members are told of the leader's dataset. */
export const federationOf = ({ name, shape }: DatasetGrant): NonNullable<Invite['federated']> => ({
  dataset: name,
  columns: shape.columns.map((column) => ({ name: column.name, type: column.type })),
});

/** Fault `forbidden` where its owner offers a dataset to no run, or no more. */
export function needOffered({ name, federates }: Pick<Dataset, 'name' | 'federates'>, machine: string): void {
  if (federates) return;
  throw new Fault(
    'forbidden',
    `the owner of ${machine} does not offer dataset ${name}; there: neutrino cluster offer ${name} yes`,
  );
}

/** Types that may stand for each other. */
const alike = (a: string, b: string): boolean =>
  a === b || (['integer', 'number'].includes(a) && ['integer', 'number'].includes(b));

/**
 * The dataset here that an invitation asks for. Faults: `not_found`; `forbidden` where its owner has not offered it; `bad_data`, which
 * names the first column that does not match.
 */
export function ownData(
  { federated, request }: Invite,
  machine: string,
  look: (name: string) => Dataset | undefined,
  grant: (id: string) => DatasetGrant,
): DatasetGrant {
  const name = federated?.dataset ?? '';
  const found = look(name);
  if (!found) throw new Fault('not_found', `${machine} has no dataset ${name}`);
  needOffered(found, machine);
  const own = grant(found.id);
  const known = new Map(own.shape.columns.map((column) => [column.name, column.type]));
  for (const column of federated?.columns ?? []) {
    if (request.ignore?.includes(column.name)) continue;
    const type = known.get(column.name);
    if (type === undefined) throw new Fault('bad_data', `dataset ${name} of ${machine} has no column ${column.name}`);
    if (!alike(type, column.type))
      throw new Fault(
        'bad_data',
        `column ${column.name} of dataset ${name} is ${type} at ${machine}, and ${column.type} at the leading machine`,
      );
  }
  return own;
}
