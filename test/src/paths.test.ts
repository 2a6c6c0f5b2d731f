import { isFileName, isFileUrl, keyOfPath, splitAtColon } from '../../src/platform/paths.ts';
import { equal } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const NAMES: readonly [name: string, posix: boolean, windows: boolean][] = [
  ['plain.txt', true, true],
  ['a b', true, true],
  ['conx', true, true],
  ['com', true, true],
  ['com10', true, true],
  ['nul_', true, true],
  ['.con', true, true],
  ['ä.txt', true, true],
  ['a/b', false, false],
  ['a\0', false, false],
  ['a\\b', true, false],
  ['..\\up', true, false],
  ['C:', true, false],
  ['a:stream', true, false],
  ['end.', true, false],
  ['end ', true, false],
  ['con', true, false],
  ['NUL.txt', true, false],
  ['nul .txt', true, false],
  ['Aux.tar.gz', true, false],
  ['com1', true, false],
  ['COM².log', true, false],
  ['lpt9', true, false],
  ['CONIN$', true, false],
  ['conout$.x', true, false],
];

const SPLIT: readonly [text: string, posix: unknown, windows: unknown][] = [
  ['data', ['data', undefined], ['data', undefined]],
  ['data:/guest', ['data', '/guest'], ['data', '/guest']],
  ['a:b:c', ['a', 'b:c'], ['a', 'b:c']],
  ['end:', ['end', ''], ['end', '']],
  ['C:\\data', ['C', '\\data'], ['C:\\data', undefined]],
  ['C:\\data:/guest', ['C', '\\data:/guest'], ['C:\\data', '/guest']],
  ['c:/data:/guest', ['c', '/data:/guest'], ['c:/data', '/guest']],
  ['C:data', ['C', 'data'], ['C', 'data']],
  ['\\\\server\\share:/guest', ['\\\\server\\share', '/guest'], ['\\\\server\\share', '/guest']],
  ['\\\\?\\C:\\data:/guest', ['\\\\?\\C', '\\data:/guest'], ['\\\\?\\C:\\data', '/guest']],
  ['//./D:/data', ['//./D', '/data'], ['//./D:/data', undefined]],
];

suite('paths of other systems', test => {
  for (const [name, posix, windows] of NAMES) {
    test(`${JSON.stringify(name)} ${posix ? 'is' : 'is not'} a name on Linux, and ${windows ? 'is' : 'is not'} one on Windows`, () => {
      equal(
        ['linux', 'darwin', 'win32'].map(system => isFileName(name, system)),
        [posix, posix, windows],
      );
    });
  }

  for (const [text, posix, windows] of SPLIT) {
    test(`${JSON.stringify(text)} is split at the first colon that belongs to no drive`, () => {
      equal([splitAtColon(text, 'linux'), splitAtColon(text, 'win32')], [posix, windows]);
    });
  }

  test('paths that differ in case, or in the form of an accent, may be one file on Windows and macOS', () => {
    const [upper, lower] = ['/Users/É/State.json', '/users/e\u0301/state.json'];
    const same = (system: string) => keyOfPath(upper, system) === keyOfPath(lower, system);
    equal(['linux', 'darwin', 'win32'].map(same), [false, true, true]);
  });

  test('the URL of a file is known in each way to write it, and a path is not one', () => {
    const texts = ['file:///a', 'FILE:///a', 'file:/C:/a', 'file://server/share/a'];
    equal(texts.map(isFileUrl), [true, true, true, true]);
    equal(['file:a', 'C:\\a', '/file:/a', './file:/a', 'files/a', 'https://a'].some(isFileUrl), false);
  });
});
