// What an importer child does with datasets that are there already: profiles them, looks for what identifies people, runs
// recipes. Reads the packs it was granted; writes the one it was granted, if any.
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  deriveDataset,
  exportDataset,
  lookAtLabels,
  openDataset,
  previewRecipe,
  profileDataset,
  type Replay,
  reportSensitive,
  viewSplit,
} from '../data/index.ts';
import {
  Fault,
  type DeviceLease,
  type PackGrant,
  type Progress,
  type RefineResult,
  type RefineWork,
} from '../schema/index.ts';
import { openPack } from '../store/index.ts';
import { scoreRows } from './scoreRows.ts';

/** Does one piece of work and closes what it opened. */
export async function refine(
  work: RefineWork,
  lease: DeviceLease,
  progress: (progress: Progress) => void,
  openData: () => Writable,
): Promise<RefineResult> {
  const opened: { close(): void }[] = [];
  const open = (grant: PackGrant) => {
    const reader = openDataset(openPack(grant.path, grant));
    opened.push(reader);
    return reader;
  };
  const replay = (recipe: Extract<RefineWork, { do: 'preview' | 'derive' }>): Replay => ({
    base: open(recipe.base),
    steps: recipe.steps,
    other({ dataset, sha256 }) {
      const grant = sha256 === undefined ? undefined : recipe.others[sha256];
      if (!grant) throw new Fault('not_found', `The dataset ${dataset} that is joined is not there any more.`);
      return open(grant);
    },
    secret: recipe.secret,
    threads: lease.threads,
    memory: lease.memory,
    seconds: recipe.seconds,
    progress,
  });
  try {
    switch (work.do) {
      case 'profile': {
        const { dataset, target, test, version, sha256 } = work;
        const profile = profileDataset(open(dataset), {
          target,
          version,
          sha256,
          test: test && open(test),
          progress: (done, total) => progress({ phase: 'profiling', done, total }),
        });
        return { do: 'profile', profile };
      }
      case 'split':
        return { do: 'split', split: viewSplit(open(work.dataset), work.ask) };
      case 'labels':
        return { do: 'labels', looked: lookAtLabels(open(work.dataset), work.look) };
      case 'export':
        await pipeline(
          Readable.from(exportDataset(open(work.dataset), work.format), { objectMode: false }),
          openData(),
        );
        return { do: 'export' };
      case 'rows':
        return { do: 'rows', rows: await scoreRows(work.input, work.pack) };
      case 'sensitive': {
        const { dataset, sample, options, secret } = work;
        return { do: 'sensitive', report: reportSensitive(open(dataset), { sample, options, key: secret }) };
      }
      case 'preview':
        return { do: 'preview', preview: await previewRecipe(replay(work)) };
      default:
        return { do: 'derive', ...(await deriveDataset(replay(work), work.pack)) };
    }
  } finally {
    for (const one of opened) one.close();
  }
}
