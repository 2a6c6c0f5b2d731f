import { type MemoryFiles, MemoryFs } from '../../wasi/index.ts';
import type { Bytes, Folder, Folders } from './case.ts';
import { toBytes } from './spelled.ts';

/** Path → bytes, as files in memory. */
export function memoryFs(folder: Folder): MemoryFs {
  const root: { [name: string]: MemoryFiles | Uint8Array } = {};
  for (const [path, content] of Object.entries(folder)) {
    const names = path.split('/');
    const last = names.pop()!;
    let at = root;
    for (const name of names) {
      at[name] ??= {};
      at = at[name] as typeof root;
    }
    if (last !== '') at[last] = toBytes(content as Bytes);
  }
  return new MemoryFs(root);
}

export function folderOf(files: MemoryFiles, below = ''): Folder {
  const entries = Object.entries(files);
  if (entries.length === 0 && below !== '') return { [below]: {} };
  return Object.assign(
    {},
    ...entries.map(([name, content]) =>
      content instanceof Uint8Array
        ? {
            [below + name]: { hex: Array.from(content, byte => byte.toString(16).padStart(2, '0')).join('') },
          }
        : folderOf(content as MemoryFiles, `${below}${name}/`),
    ),
  ) as Folder;
}

/** The folders of a case, as files in memory. */
export const memoryFolders = (folders: Folders): Map<string, MemoryFs> =>
  new Map(Object.entries(folders).map(([name, folder]) => [name, memoryFs(folder)]));

export const foldersOf = (files: ReadonlyMap<string, MemoryFs>): Folders =>
  Object.fromEntries([...files].map(([name, fs]) => [name, folderOf(fs.snapshot())]));
