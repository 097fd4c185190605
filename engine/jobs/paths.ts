// Which files of this machine a caller may have imported: any for the same user over loopback, else those below folders
// that the owner listed. Links are followed first, so that none leads out.
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { type Caller, Fault } from '../schema/index.ts';

/**
 * The real path of a file (or folder) that the caller may import. Faults: `path_refused`, and for those who may look, `not_found` and
 * `bad_input` (a device). A path that is refused is answered the same whether or not it exists.
 */
export async function importablePath(
  path: string,
  caller: Caller,
  folders: readonly string[],
  wanted: 'data' | 'model' = 'data',
): Promise<string> {
  const asked = resolve(path);
  const real = isAbsolute(path) ? await realpath(asked).catch(() => undefined) : undefined;
  if (!(caller.local && caller.role === 'admin') && !(real && (await isBelow(real, folders)))) {
    throw new Fault(
      'path_refused',
      folders.length > 0
        ? `${path} is not below an import folder of this appliance. Move it there, or upload it.`
        : `This key may not name files on the appliance's machine. Upload the file instead.`,
    );
  }
  if (!isAbsolute(path)) throw new Fault('bad_request', `Give the absolute path of ${path}.`);
  if (!real) throw new Fault('not_found', `There is no file or folder ${path}. Check the path.`);
  const info = await stat(real);
  if (wanted === 'model') {
    if (info.isDirectory() || (info.isFile() && /\.(onnx|gguf)$/i.test(path))) return real;
    throw new Fault(
      'bad_input',
      `${path} is no pretrained model. Name its folder (config.json, model.safetensors) or an .onnx or .gguf file.`,
    );
  }
  if (!info.isFile() && !info.isDirectory()) throw new Fault('bad_input', `${path} is not a regular file.`);
  return real;
}

/** Whether a real path lies below one of the folders. */
async function isBelow(real: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) {
    const base = await realpath(folder).catch(() => undefined);
    if (base === undefined) continue;
    const rest = relative(base, real);
    if (rest !== '' && rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest)) return true;
  }
  return false;
}
