import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fs } from '../../wasi/index.ts';
import type { WithSurroundings } from '../contract/escapes.ts';

/** Calls `body` with a new folder, removed afterwards. */
export function inFolder<T>(body: (path: string) => T): T {
  const path = mkdtempSync(join(tmpdir(), 'plugboard-files-'));
  const remove = () => rmSync(path, { recursive: true, force: true });
  let isPending = false;
  try {
    const result = body(path);
    isPending = result instanceof Promise;
    return result instanceof Promise ? (result.finally(remove) as T) : result;
  } finally {
    if (!isPending) remove();
  }
}

/** Describes every entry except `inside`, with all its observable properties. */
function describe(folder: string): string[] {
  return readdirSync(folder)
    .filter(name => name !== 'inside')
    .flatMap(name => {
      const path = join(folder, name);
      const stat = lstatSync(path);
      const content = stat.isFile()
        ? readFileSync(path, 'utf8')
        : stat.isSymbolicLink()
          ? readlinkSync(path)
          : '';
      const line = [path, stat.mode, stat.nlink, stat.mtimeMs, content].join(' ');
      return [line, ...(stat.isDirectory() ? describe(path) : [])];
    });
}

/** A folder of the host with a secret beside it. */
export const insideFolder =
  (open: (path: string) => Fs): WithSurroundings =>
  body =>
    inFolder(path => {
      mkdirSync(join(path, 'inside'));
      mkdirSync(join(path, 'outside/empty'), { recursive: true });
      writeFileSync(join(path, 'outside/secret'), 'secret');
      symlinkSync('../inside', join(path, 'outside/back'));
      body({ fs: open(join(path, 'inside')), around: () => describe(path).join('\n') });
    });
