import { pathFs } from '../../wasi/files/path-fs.ts';
import type { PathHost } from '../../wasi/files/path-host.ts';
import { type Fs, MemoryFs, nullFile, zeroFile } from '../../wasi/index.ts';
import { escapesContract } from '../contract/escapes.ts';
import { fsContract } from '../contract/fs.ts';
import { readOnlyContract } from '../contract/read-only.ts';
import { devicesContract } from '../contract/wasi-devices.ts';
import { filesContract } from '../contract/wasi-files.ts';
import { foldersContract } from '../contract/wasi-folders.ts';
import { pathsContract } from '../contract/wasi-paths.ts';
import { rightsContract } from '../contract/wasi-rights.ts';
import { holesContract, sizesContract } from '../contract/wasi-sizes.ts';
import { memoryHost } from './memory-host.ts';
import { surrounded } from './surrounded.ts';

// A host that finds files by their path fulfils the contracts of all file systems, on runtimes without folders too.

const fsOf = (host: PathHost): Fs => {
  const made = pathFs(host);
  if (typeof made === 'number') throw new Error(`errno ${made}`);
  return made;
};

const onPaths = (body: (fs: Fs) => void) => body(fsOf(memoryHost('/host')));

fsContract('wasi/file system on paths', onPaths);
fsContract("wasi/file system on paths from a disk's root", body => body(fsOf(memoryHost('/'))));
filesContract('wasi/files on paths', onPaths);
foldersContract('wasi/listings on paths', onPaths);
pathsContract('wasi/paths on paths', onPaths);
rightsContract('wasi/rights on paths', onPaths);
sizesContract('wasi/sizes on paths', onPaths);
holesContract('wasi/holes on paths', onPaths);
readOnlyContract('wasi/read-only files on paths', onPaths);
devicesContract('wasi/devices on paths', body =>
  body(fsOf(memoryHost('/dev', new MemoryFs({ null: nullFile, zero: zeroFile })))),
);

escapesContract('wasi/escapes from paths', body => {
  const all = new MemoryFs({ inside: {}, outside: { secret: 'secret', empty: {} } });
  const { around } = surrounded(all);
  body({ fs: fsOf({ ...memoryHost('/all', all), root: '/all/inside' }), around });
});
