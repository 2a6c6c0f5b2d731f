import type { Fs } from '../../wasi/index.ts';
import { type Preview2Preopens, preview2Preopens } from '../../wasi/preview2/index.ts';
import { surrounded } from '../wasi/surrounded.ts';
import { allContracts } from './contracts.ts';

/** A folder in the format of the shim's build for browsers, which keeps files in memory. */
interface Folder {
  dir: Record<string, Folder | { source: Uint8Array | string } | { symlink: string }>;
}

export interface MemoryShim {
  createFilesystem(options: { adapter: object; preopens: Record<string, Folder> }): {
    preopens: Preview2Preopens;
  };
  InMemoryFilesystemAdapter: new () => object;
}

/** Runs the contracts of file systems on those of the shim in memory. */
export function memoryContracts({ createFilesystem, InMemoryFilesystemAdapter }: MemoryShim): void {
  const open = (folder: Folder): Fs => {
    const adapter = new InMemoryFilesystemAdapter();
    return preview2Preopens(createFilesystem({ adapter, preopens: { '/': folder } }).preopens)['/']!;
  };
  allContracts(
    'in memory',
    body => body(open({ dir: {} })),
    body => {
      const inside: Folder = { dir: {} };
      const outside: Folder = { dir: { secret: { source: 'secret' }, empty: { dir: {} } } };
      const { around } = surrounded(open({ dir: { inside, outside } }));
      body({ fs: open(inside), around });
    },
  );
}
