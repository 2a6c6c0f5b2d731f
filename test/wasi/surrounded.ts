import type { Fs, FsDirectory } from '../../wasi/index.ts';
import { ok } from '../helpers/assert.ts';

/** Describes every entry, with all its observable properties. */
function describe(folder: FsDirectory, path = ''): string[] {
  const names = folder.list();
  ok(typeof names !== 'number');
  return names.flatMap(name => {
    const stat = folder.lookup(name);
    ok(typeof stat !== 'number');
    const inner = folder.openDirectory(name);
    const file = folder.openFile(name, {
      read: true,
      write: false,
      create: false,
      exclusive: false,
      truncate: false,
    });
    const bytes = new Uint8Array(100);
    if (typeof file !== 'number') file.read(bytes, 0);
    const line = [
      path,
      name,
      stat.filetype,
      stat.nlink,
      stat.mtimNs,
      folder.readLink(name),
      String.fromCharCode(...bytes),
    ];
    return [line.join(' '), ...(typeof inner === 'number' ? [] : describe(inner, `${path}/${name}`))];
  });
}

/** Makes the folders `inside` and `outside` in a file system. `outside` gets a link to `inside` and is the described folder. */
export function surrounded({ root }: Fs): { inside: FsDirectory; around: () => string } {
  const inside = root.openDirectory('inside');
  const outside = root.openDirectory('outside');
  if (typeof inside === 'number' || typeof outside === 'number') throw new Error('not made');
  outside.symlink('back', '../inside');
  return { inside, around: () => describe(outside).join('\n') };
}
