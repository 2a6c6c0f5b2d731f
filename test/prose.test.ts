import { equal, ok } from './helpers/assert.ts';
import { filesBelow } from './helpers/files.ts';
import { host, readText } from './helpers/host.ts';
import { findRiddles } from './helpers/prose.ts';
import { suite } from './helpers/suite.ts';

/** May fall, and never rise. */
const COMMITTED = 0;

const SENTENCES: readonly [text: string, words: string[]][] = [
  ['// What is known of the blocks is kept outside.', ['What']],
  ['/** Whoever gets the logs is there. */', ['Whoever']],
  ['/** Of a metered plugin. */', ['Of a']],
  ['// A folder. Of links to it nothing is known.', ['Of l']],
  ["const a = 'the entry is no folder here';", ['is no f']],
  ['// None of the\n// blocks is that which was meant', ['None of', 'that which']],
  ['// It is no longer there, and there is no other. What does it do?', []],
  ["const a = 'what';", []],
  ['// Block records are kept outside the kernel memory.', []],
];

suite('prose', test => {
  for (const [text, words] of SENTENCES) {
    test(`finds ${words.length} in: ${text}`, () =>
      equal(
        findRiddles(text).map(riddle => riddle.words),
        words,
      ));
  }

  test('no more sentences of this repository hide their subject than before', () => {
    // This file and the patterns quote such sentences.
    const own = ['test/prose.test.ts', 'test/helpers/prose.ts'];
    const places = ['abi/', 'wasi/', 'src/', 'create-plugboard/src/', 'test/']
      .flatMap(filesBelow)
      .filter(name => !own.includes(name))
      .flatMap(name =>
        findRiddles(readText(name)).map(
          ({ line, words, sentence }) => `${name}:${line}: "${words}" in: ${sentence}`,
        ),
      );
    const shown = places.slice(0, 20).join('\n');
    ok(places.length <= COMMITTED, `${places.length} places, at most ${COMMITTED} are committed:\n${shown}`);
    ok(host().list('abi/').length > 0);
  });
});
