import { fs, path } from './node-builtin.ts';
import { reasonOf } from './system-error.ts';

/**
 * Reads a file that lies in one of the folders. Links are followed first, and the place that they lead to is checked.
 * @param base the folder from which a relative path starts
 * @throws {Error} with the reason
 */
export async function readInside(
  base: string,
  file: string,
  folders: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const { realpath, readFile } = fs().promises;
  const { resolve, sep } = path();
  try {
    const real = await realpath(resolve(base, file));
    const allowed = await Promise.all(folders.map(folder => realpath(folder)));
    const isInside = (folder: string) => real.startsWith(folder.endsWith(sep) ? folder : folder + sep);
    if (allowed.some(isInside)) return new Uint8Array(await readFile(real));
  } catch (cause) {
    throw new Error(reasonOf(cause), { cause });
  }
  throw new Error('it lies outside the folders of pluginFolders');
}
