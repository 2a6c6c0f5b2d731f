import { shellWord } from '../../src/cli/shell.ts';
import { is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const WORDS: readonly [word: string, posix: string, windows: string][] = [
  ['out/worker.js', 'out/worker.js', 'out/worker.js'],
  ['C:\\out\\a.js', "'C:\\out\\a.js'", 'C:\\out\\a.js'],
  ['my out', "'my out'", '"my out"'],
  ["it's", "'it'\\''s'", '"it\'s"'],
  ['a&b', "'a&b'", '"a&b"'],
  ['$HOME', "'$HOME'", '"$HOME"'],
  ['', "''", '""'],
];

suite('cli: words for a shell', test => {
  for (const [word, posix, windows] of WORDS)
    test(`quotes ${JSON.stringify(word)}`, () => {
      is(shellWord(word, 'linux'), posix);
      is(shellWord(word, 'win32'), windows);
    });
});
