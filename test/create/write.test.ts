import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeProject } from '../../create-plugboard/src/write.ts';
import { inFolder } from '../cli/spawn.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const GOOD = new Map([
  ['README.md', '# x'],
  ['src/lib.rs', 'fn main() {}'],
]);
/** The third file cannot be written: its folder is a file. */
const BAD = new Map([...GOOD, ['README.md/x', '']]);

suite('writing a new project', test => {
  for (const folder of ['new', 'a/b/new', '.']) {
    test(`all files are in the folder ${folder}`, () =>
      inFolder(async root => {
        writeProject(join(root, folder), GOOD);
        for (const [path, text] of GOOD) is(readFileSync(join(root, folder, path), 'utf8'), text);
      }));

    test(`after a failure nothing is left of the folder ${folder}`, () =>
      inFolder(async root => {
        await raises(() => writeProject(join(root, folder), BAD), { code: 'FILE', message: 'README.md' });
        equal(readdirSync(root), []);
        writeProject(join(root, folder), GOOD);
      }));
  }

  test('after a failure a folder that was there keeps its .git', () =>
    inFolder(async root => {
      mkdirSync(join(root, 'new/.git'), { recursive: true });
      await raises(() => writeProject(join(root, 'new'), BAD), { code: 'FILE' });
      equal(readdirSync(join(root, 'new')), ['.git']);
    }));

  test('a file of the same name is never replaced', () =>
    inFolder(async root => {
      writeProject(join(root, 'new'), GOOD);
      await raises(() => writeProject(join(root, 'new'), GOOD), {
        code: 'FILE',
        message: 'got one with README.md, src',
      });
    }));
});
