// Folders and zips of images or sound, and of texts: one row a file. The label is the folder that a file lies in, or stands in
// a table beside the files (labels.csv). Every file is decoded once to see that it is one; those that are not are left out
// and named.
import { Readable } from 'node:stream';
import { type CellType, type Column, Fault, type MediaFigures, type Warning } from '../../schema/index.ts';
import { entries } from '../layout.ts';
import { probeAudio } from '../media/audio.ts';
import { probeImage } from '../media/image.ts';
import { keepSmall } from '../media/small.ts';
import { type OpenSource, openSource } from '../source.ts';
import { loadRaw } from '../load.ts';
import type { FileEntry, Folder } from '../sources/folder.ts';
import type { LoadContext, Loader } from './loader.ts';
import { checkNames, openRows } from './rows.ts';

type Kind = 'images' | 'audio' | 'texts';

const endings: Record<Kind, RegExp> = {
  images: /\.(png|jpe?g|webp|tiff?)$/i,
  audio: /\.(wav|flac|mp3)$/i,
  texts: /\.(txt|text|md|html?|eml)$/i,
};
const tables = /(^|\/)[^/]+\.(csv|tsv|jsonl|ndjson)$/i;

/** Greatest file of a folder, bytes. */
const mostBytes = 256 * 1024 * 1024;
/** Files that are read and decoded at once. */
const atOnce = 8;
/** Files named in one warning. */
const mostNamed = 20;

/** What lies beside data to tell about it. */
export const isAbout = (name: string): boolean =>
  /(^|\/)(readme|licen[cs]e|notice|changelog|citation)([._-][^/]*)?$/i.test(name);

/** The kind of files that most of a folder's are; undefined when none is known. */
export function kindOfFolder(folder: Folder): Kind | undefined {
  const counts = (Object.keys(endings) as Kind[]).map((kind) => ({
    kind,
    count: folder.entries.filter(({ name }) => endings[kind].test(name) && !isAbout(name)).length,
  }));
  const best = counts.reduce((a, b) => (b.count > a.count ? b : a));
  return best.count > 0 ? best.kind : undefined;
}

/** Opens a folder of files of one kind; `directory` is private and may hold a FIFO. */
export async function openMediaFolder(folder: Folder, kind: Kind, directory: string): Promise<Loader> {
  const { name } = folder;
  const files = folder.entries.filter(({ name }) => endings[kind].test(name) && !isAbout(name));
  const table = labelsOf(folder);
  const others = folder.entries.length - files.length - (table ? 1 : 0);
  const labels = table && (await openLabels(table, directory));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let seen = 0;
  return {
    file: name,
    total,
    seen: () => seen,
    allow: labels ? [labels.path] : [],
    settled: { format: kind },
    async load(context) {
      const warnings: Warning[] = [];
      if (others > 0) {
        warnings.push({
          code: 'other_files',
          message: `${others} ${others === 1 ? 'file' : 'files'} of other kinds in ${name} ${others === 1 ? 'was' : 'were'} left out.`,
        });
      }
      const read = kind === 'texts' ? readTexts : readMedia;
      const { good, bad, column, texts } = await read(context, files, kind, (bytes) => (seen += bytes));
      if (good.length === 0)
        throw new Fault('bad_data', `${name}: no file can be used. The first, ${bad[0]?.name}, ${bad[0]?.why}.`);
      if (bad.length > 0) warnings.push(leftOut(bad));
      const names = await fillRows(context, name, good, texts, labels, warnings);
      return {
        names: names.map(({ name }) => name),
        types: names.map(({ type }) => type),
        warnings,
        ...(column ? { media: { column } } : {}),
      };
    },
    fault: (error) =>
      error instanceof Fault ? error : new Fault('bad_data', `${name} cannot be read.`, undefined, error),
    async close() {
      labels?.close();
      await folder.close();
    },
  };
}

interface Bad {
  name: string;
  why: string;
}

function leftOut(bad: readonly Bad[]): Warning {
  const named = bad.slice(0, mostNamed).map(({ name, why }) => `${name} (${why})`);
  const more = bad.length > mostNamed ? ` and ${bad.length - mostNamed} more` : '';
  return {
    code: 'bad_files',
    message: `${bad.length} ${bad.length === 1 ? 'file cannot be used and was' : 'files cannot be used and were'} left out: ${named.join(', ')}${more}.`,
  };
}

interface Read {
  good: FileEntry[];
  bad: Bad[];
  column?: Column;
  texts?: string[];
}

type Look =
  | { bytes: Buffer; facts: Awaited<ReturnType<typeof probeImage>> | Awaited<ReturnType<typeof probeAudio>> }
  | { why: string };

/** Decodes files, several at once, and takes them in their order; each is written as it came. */
async function readMedia(
  { writer, signal }: LoadContext,
  files: readonly FileEntry[],
  kind: Kind,
  done: (bytes: number) => void,
): Promise<Read> {
  const [good, bad]: [FileEntry[], Bad[]] = [[], []];
  const lengths: number[] = [];
  const figures = openFigures();
  const kept = keepSmall(writer);
  const probe = kind === 'images' ? probeImage : probeAudio;
  const look = async (file: FileEntry): Promise<Look> => {
    try {
      const bytes = await readSmall(file);
      return { bytes, facts: await probe(bytes) };
    } catch (error) {
      return { why: whyOf(error) };
    }
  };
  const waiting: Promise<Look>[] = [];
  for (let next = 0, i = 0; i < files.length; i++) {
    signal.throwIfAborted();
    while (next < files.length && waiting.length < atOnce) waiting.push(look(files[next++]));
    const found = await (waiting.shift() as Promise<Look>);
    done(files[i].size);
    if ('why' in found) {
      bad.push({ name: files[i].name, why: found.why });
      continue;
    }
    writer.append(entries.values(0), found.bytes);
    if (kind === 'images') kept.add('small' in found.facts ? found.facts.small : undefined);
    await writer.settle(atOnce);
    lengths.push(found.bytes.length);
    good.push(files[i]);
    figures.add(found.facts, found.bytes.length);
  }
  writer.append(entries.lengths(0), Uint32Array.from(lengths));
  kept.end();
  const name = kind === 'images' ? 'image' : 'audio';
  const column: Column = { name, type: name, missing: 0, distinct: good.length, media: figures.end() };
  return { good, bad, column };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

async function readTexts(
  { signal }: LoadContext,
  files: readonly FileEntry[],
  _: Kind,
  done: (bytes: number) => void,
): Promise<Read> {
  const [good, bad, texts]: [FileEntry[], Bad[], string[]] = [[], [], []];
  for (const file of files) {
    signal.throwIfAborted();
    done(file.size);
    try {
      const bytes = await readSmall(file, mostText);
      const text = decodeText(bytes);
      texts.push(text);
      good.push(file);
    } catch (error) {
      bad.push({ name: file.name, why: whyOf(error) });
    }
  }
  return { good, bad, texts };
}

const mostText = 8 * 1024 * 1024;

function decodeText(bytes: Uint8Array): string {
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (wide) return new TextDecoder(bytes[0] === 0xff ? 'utf-16le' : 'utf-16be').decode(bytes);
  if (bytes.includes(0)) throw new Fault('bad_data', 'is a binary file');
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new Fault('bad_data', 'is not UTF-8', undefined, error);
  }
}

async function readSmall(file: FileEntry, most = mostBytes): Promise<Buffer> {
  if (file.size === 0) throw new Fault('bad_data', 'is empty');
  if (file.size > most) throw new Fault('bad_data', `is larger than ${most / 1024 / 1024} MiB`);
  return file.read();
}

function whyOf(error: unknown): string {
  if (error instanceof Fault && error.code === 'bad_data') return error.message.replace(/\.$/, '');
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read';
  if (code === 'ENOENT') return 'is gone';
  throw error;
}

/** Gathers what the files of a column are. */
export function openFigures() {
  const count = (into: Record<string, number>, key: string | number) => (into[key] = (into[key] ?? 0) + 1);
  const spread = () => {
    let [n, min, max, sum] = [0, Infinity, -Infinity, 0];
    return {
      add(value: number) {
        n++;
        min = Math.min(min, value);
        max = Math.max(max, value);
        sum += value;
      },
      end: () => (n === 0 ? undefined : { min, mean: sum / n, max }),
    };
  };
  const [formats, channels, rates]: Record<string, number>[] = [{}, {}, {}];
  const [bytes, width, height, seconds] = [spread(), spread(), spread(), spread()];
  return {
    add(facts: Awaited<ReturnType<typeof probeImage>> | Awaited<ReturnType<typeof probeAudio>>, size: number) {
      count(formats, facts.format);
      count(channels, facts.channels);
      bytes.add(size);
      if ('width' in facts) {
        width.add(facts.width);
        height.add(facts.height);
      } else {
        seconds.add(facts.seconds);
        count(rates, facts.rate);
      }
    },
    end(): MediaFigures {
      const [w, h, s] = [width.end(), height.end(), seconds.end()];
      return {
        formats,
        channels,
        bytes: bytes.end() ?? { min: 0, mean: 0, max: 0 },
        ...(w && h ? { width: w, height: h } : {}),
        ...(s ? { seconds: s, rates } : {}),
      };
    },
  };
}

const parts = new Set(['train', 'training', 'test', 'testing', 'val', 'valid', 'validation', 'dev']);

interface Named {
  name: string;
  type: CellType | undefined;
}

const typeOf: Record<string, CellType> = { file: 'identifier', text: 'text', label: 'category', part: 'category' };

/** The table beside the files, or what their folders say. Answers the columns. */
async function fillRows(
  { duck }: LoadContext,
  folder: string,
  good: readonly FileEntry[],
  texts: readonly string[] | undefined,
  labels: OpenSource | undefined,
  warnings: Warning[],
): Promise<Named[]> {
  if (labels) return joinLabels(duck, folder, good, texts, labels, warnings);
  const paths = good.map(({ name }) => name.split('/'));
  const labelled = paths.every((path) => path.length >= 2) && new Set(paths.map((path) => path.at(-2))).size >= 2;
  const parted = labelled && paths.every((path) => path.length >= 3 && parts.has(path[0].toLowerCase()));
  const columns = [...(texts ? ['text'] : []), ...(labelled ? ['label'] : []), ...(parted ? ['part'] : []), 'file'];
  const feed = await openRows(duck, folder, columns);
  for (const [i, { name }] of good.entries()) {
    const path = paths[i];
    await feed.add([
      ...(texts ? [texts[i]] : []),
      ...(labelled ? [path.at(-2) ?? null] : []),
      ...(parted ? [path[0]] : []),
      name,
    ]);
  }
  await feed.end();
  return columns.map((name) => ({ name, type: typeOf[name] }));
}

/** A table in the folder itself, not deeper: the only one, or the one named for it. */
function labelsOf({ entries }: Folder): FileEntry | undefined {
  const depth = Math.min(...entries.map(({ name }) => name.split('/').length));
  const found = entries.filter(({ name }) => tables.test(name) && name.split('/').length === depth);
  return (
    found.find(({ name }) => /(^|\/)(labels|metadata|annotations)\.[^.]+$/i.test(name)) ??
    (found.length === 1 ? found[0] : undefined)
  );
}

async function openLabels(entry: FileEntry, directory: string): Promise<OpenSource> {
  if (entry.size > mostBytes) throw new Fault('bad_data', `${entry.name} is larger than 256 MiB. Make it smaller.`);
  const bytes = await entry.read();
  return openSource({ kind: 'stream', name: entry.name, bytes: bytes.length }, {}, directory, () =>
    Readable.from([bytes], { objectMode: false }),
  );
}

async function joinLabels(
  duck: LoadContext['duck'],
  folder: string,
  good: readonly FileEntry[],
  texts: readonly string[] | undefined,
  labels: OpenSource,
  warnings: Warning[],
): Promise<Named[]> {
  const { file } = labels.form;
  const stop = new AbortController();
  const [names] = await Promise.all([loadRaw(duck, labels.form, labels.path), labels.run(stop.signal)]);
  await duck.run('ALTER TABLE raw RENAME TO labels');
  const feed = await openRows(duck, folder, ['name', 'base', 'stem', ...(texts ? ['text'] : [])]);
  for (const [i, { name }] of good.entries()) {
    const base = name.slice(name.lastIndexOf('/') + 1);
    await feed.add([name, base, base.replace(/\.[^.]+$/, ''), ...(texts ? [texts[i]] : [])]);
  }
  await feed.end();
  await duck.run('ALTER TABLE raw RENAME TO files');
  const forms = ['c0', 'c1', 'c2'];
  const tries = names.flatMap((_, i) => forms.map((form) => ({ i, form })));
  const counts = await duck.rows(
    `SELECT ${tries.map(({ i, form }) => `(SELECT count(*) FROM files WHERE ${form} IN (SELECT replace(c${i}, '\\', '/') FROM labels))`).join(',')}`,
  );
  const fits = (counts[0] ?? []).map(Number);
  const best = fits.indexOf(Math.max(...fits));
  if (!(fits[best] > 0))
    throw new Fault('bad_data', `${file} has no column with the names of the files in ${folder}. Add one.`);
  const { i: key, form } = tries[best];
  const [[twice] = []] = await duck.rows(
    `SELECT c${key} FROM labels WHERE c${key} IS NOT NULL GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1`,
  );
  if (twice !== undefined) throw new Fault('bad_data', `${file} names ${String(twice)} twice. Leave one line a file.`);
  const lacking = good.length - fits[best];
  if (lacking > 0) {
    warnings.push({
      code: 'unlabelled',
      message: `${lacking} ${lacking === 1 ? 'file does' : 'files do'} not stand in ${file}: what it says is missing for them.`,
    });
  }
  const rest = names.map((name, i) => ({ name, i })).filter(({ i }) => i !== key);
  const columns = [
    ...(texts ? [{ name: 'text', sql: 'f.c3' }] : []),
    ...rest.map(({ name, i }) => ({ name, sql: `l.c${i}` })),
    { name: 'file', sql: 'f.c0' },
  ];
  checkNames(file, ['image', 'audio', ...columns.map(({ name }) => name)]);
  await duck.run(
    `CREATE TABLE raw AS SELECT ${columns.map(({ sql }, i) => `${sql} AS c${i}`).join(',')}
     FROM files f LEFT JOIN labels l ON f.${form} = replace(l.c${key}, '\\', '/') ORDER BY f.rowid`,
  );
  await duck.run('DROP TABLE files');
  await duck.run('DROP TABLE labels');
  return columns.map(({ name }) => ({ name, type: name === 'file' || name === 'text' ? typeOf[name] : undefined }));
}
