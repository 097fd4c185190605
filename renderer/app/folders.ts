// A folder that was dropped or chosen as one file: a zip whose files are stored as they are, which the importer reads like the
// folder. Sends nothing.

/** A file of a folder, by its path in it. */
export interface FolderFile {
  path: string;
  file: File;
}

/** Most bytes of a folder that goes through the browser. */
export const mostFolderBytes = 2 * 1024 ** 3;

/** What system files in folders are called; they are nobody's data. */
const isSystem = (name: string): boolean => name.startsWith('.') || name === 'Thumbs.db' || name === 'desktop.ini';

/** The files of dropped things: plain ones, and folders with all that is below them. To be called while the drop is told of. */
export async function droppedFiles(items: DataTransferItemList): Promise<{ files: File[]; folders: FolderFile[][] }> {
  // Entries are gone once the event is over, so all are taken before anything is waited for.
  const taken = [...items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const entries = taken.filter((one) => one !== null && !(one instanceof File)) as FileSystemEntry[];
  const files = taken.filter((one) => one instanceof File);
  const folders: FolderFile[][] = [];
  for (const entry of entries) {
    if (entry.isDirectory) folders.push(await below(entry as FileSystemDirectoryEntry, entry.name));
    else files.push(await fileOf(entry as FileSystemFileEntry));
  }
  return { files, folders };
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

async function below(directory: FileSystemDirectoryEntry, path: string): Promise<FolderFile[]> {
  const reader = directory.createReader();
  const found: FolderFile[] = [];
  for (;;) {
    // A browser tells some of the entries at a time, none when there are no more.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const entry of some) {
      if (isSystem(entry.name)) continue;
      const own = `${path}/${entry.name}`;
      if (entry.isDirectory) found.push(...(await below(entry as FileSystemDirectoryEntry, own)));
      else found.push({ path: own, file: await fileOf(entry as FileSystemFileEntry) });
    }
  }
}

/** The files of a folder that was chosen in a dialog. */
export const chosenFiles = (files: Iterable<File>): FolderFile[] =>
  [...files]
    .filter(({ webkitRelativePath }) => !webkitRelativePath.split('/').some(isSystem))
    .map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** One zip of a folder's files, called after the folder; `onProgress` hears the share that was read. */
export async function zipOf(files: readonly FolderFile[], onProgress: (share: number) => void): Promise<File> {
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  const parts: BlobPart[] = [];
  let failure: Error | undefined;
  // Needed for folders only: the first screen does without it.
  const { Zip, ZipPassThrough } = await import('fflate');
  const zip = new Zip((error, bytes) => {
    if (error) failure ??= error;
    else parts.push(bytes);
  });
  let done = 0;
  for (const { path, file } of files) {
    const entry = new ZipPassThrough(path);
    zip.add(entry);
    entry.push(new Uint8Array(await file.arrayBuffer()), true);
    if (failure) throw failure;
    onProgress((done += file.size) / Math.max(1, total));
  }
  zip.end();
  const name = files[0]?.path.split('/')[0] ?? 'folder';
  return new File(parts, `${name}.zip`, { type: 'application/zip' });
}
