import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFolder } from '../../src/platform/node-files.ts';
import { fsContract } from '../contract/fs.ts';

/** Calls `body` with a new folder, removed afterwards. */
export function inFolder<T>(body: (path: string) => T): T {
  const path = mkdtempSync(join(tmpdir(), 'plugboard-files-'));
  try {
    return body(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

fsContract('wasi/folder of the host', body => inFolder(path => body(nodeFolder(path))));
