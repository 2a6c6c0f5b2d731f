import { type FsDirectory, MemoryFs } from '../../wasi/index.ts';
import { escapesContract } from '../contract/escapes.ts';
import { fsContract, type WithFs } from '../contract/fs.ts';
import { filesContract } from '../contract/wasi-files.ts';
import { pathsContract } from '../contract/wasi-paths.ts';
import { ok } from '../helpers/assert.ts';

const inMemory: WithFs = body => body(new MemoryFs());

fsContract('wasi/file system in memory', inMemory);
filesContract('wasi/files in memory', inMemory);
pathsContract('wasi/paths in memory', inMemory);

/** Every entry with all that can be known of it. */
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

escapesContract('wasi/escapes from memory', body => {
  const whole = new MemoryFs({ inside: {}, outside: { secret: 'secret', empty: {} } });
  const inside = whole.root.openDirectory('inside');
  const outside = whole.root.openDirectory('outside');
  if (typeof inside === 'number' || typeof outside === 'number') throw new Error('not made');
  outside.symlink('back', '../inside');
  body({ fs: { root: inside }, around: () => describe(outside).join('\n') });
});
