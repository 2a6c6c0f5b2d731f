import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Bytes, Folder, Folders } from '../../conformance/case.ts';
import { toBytes } from '../../conformance/spelled.ts';

/** Writes the folders of a case below `place`. */
export async function writeFolders(place: string, folders: Folders): Promise<void> {
  for (const [name, folder] of Object.entries(folders)) {
    await mkdir(join(place, name), { recursive: true });
    for (const [path, content] of Object.entries(folder)) {
      const target = join(place, name, path);
      await mkdir(path.endsWith('/') ? target : dirname(target), { recursive: true });
      if (!path.endsWith('/')) await writeFile(target, toBytes(content as Bytes));
    }
  }
}

/** Reads folders below `place` back, in the form of a case. */
export async function readFolders(place: string, names: readonly string[]): Promise<Folders> {
  const folders = await Promise.all(names.map(async name => [name, await readFolder(join(place, name), '')]));
  return Object.fromEntries(folders) as Folders;
}

async function readFolder(place: string, below: string): Promise<Folder> {
  const entries = await readdir(place, { withFileTypes: true });
  if (entries.length === 0 && below !== '') return { [below]: {} };
  const parts = entries.map(async entry => {
    const path = join(place, entry.name);
    if (entry.isDirectory()) return readFolder(path, `${below}${entry.name}/`);
    return { [below + entry.name]: { base64: (await readFile(path)).toString('base64') } };
  });
  return Object.assign({}, ...(await Promise.all(parts))) as Folder;
}
