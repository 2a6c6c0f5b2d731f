import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashOf, pack } from './tarball.ts';

// `npm run verify-dist`: packs the commit in another folder, and compares the bytes with the tarball of this folder, or with a
// published one: `npm run verify-dist -- plugboard-0.2.0.tgz`. The tools are those of package-lock.json, after `npm ci`.

const root = fileURLToPath(new URL('../../../', import.meta.url));
const [given] = process.argv.slice(2);
const temporary = mkdtempSync(join(tmpdir(), 'plugboard-verify-'));
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

try {
  const changed = git('status', '--porcelain');
  if (changed !== '')
    throw new Error(`files differ from the commit, so that it cannot be verified:\n${changed}`);
  const folder = join(temporary, 'commit');
  mkdirSync(folder);
  git('archive', '--format=tar', `--output=${join(temporary, 'commit.tar')}`, 'HEAD');
  execFileSync('tar', ['-xf', join(temporary, 'commit.tar'), '-C', folder]);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const actual = given === undefined ? pack(root, { to: temporary }).sha256 : hashOf(resolve(given));
  const expected = pack(folder).sha256;
  console.log(`${expected}  commit ${git('rev-parse', 'HEAD')}\n${actual}  ${given ?? 'this folder'}`);
  if (actual !== expected) throw new Error('the bytes differ');
  console.log('1 passed, 0 failed');
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
