import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFolder } from '../../src/platform/node-files.ts';
import { fsContract, type WithFs } from '../contract/fs.ts';
import { filesContract } from '../contract/wasi-files.ts';
import { pathsContract } from '../contract/wasi-paths.ts';

/** Calls `body` with a new folder, removed afterwards. */
export function inFolder<T>(body: (path: string) => T): T {
  const path = mkdtempSync(join(tmpdir(), 'plugboard-files-'));
  try {
    return body(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

const onHost: WithFs = body => inFolder(path => body(nodeFolder(path)));

fsContract('wasi/folder of the host', onHost);
filesContract('wasi/files of the host', onHost);
pathsContract('wasi/paths of the host', onHost);
