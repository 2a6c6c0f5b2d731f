import type { Fs } from '../../wasi/index.ts';
import { escapesContract } from '../contract/escapes.ts';
import { fsContract, type WithFs } from '../contract/fs.ts';
import { readOnlyContract } from '../contract/read-only.ts';
import { filesContract } from '../contract/wasi-files.ts';
import { foldersContract } from '../contract/wasi-folders.ts';
import { pathsContract } from '../contract/wasi-paths.ts';
import { rightsContract } from '../contract/wasi-rights.ts';
import { sizesContract } from '../contract/wasi-sizes.ts';

/** All contracts that our own file systems fulfil. */
export function allContracts(
  name: string,
  withFs: WithFs,
  withAround: (body: (given: { fs: Fs; around: () => string }) => void) => void,
): void {
  fsContract(`preview2/${name}`, withFs);
  filesContract(`preview2/${name}, files`, withFs);
  foldersContract(`preview2/${name}, listings`, withFs);
  pathsContract(`preview2/${name}, paths`, withFs);
  rightsContract(`preview2/${name}, rights`, withFs);
  sizesContract(`preview2/${name}, sizes`, withFs);
  readOnlyContract(`preview2/${name}, read-only`, withFs);
  escapesContract(`preview2/${name}, escapes`, withAround);
}
