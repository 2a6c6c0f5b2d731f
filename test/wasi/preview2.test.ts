import { type FsDirectory, type FsFile, type FsStat, MemoryFs } from '../../wasi/index.ts';
import { errnoOf } from '../../wasi/preview2/errno.ts';
import { descriptorFs, type Preview2Descriptor, preview2Preopens } from '../../wasi/preview2/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

// With a real implementation all contracts of file systems run over it: test/preview2.

/** A descriptor of a folder: `statAt` calls `fail` for every path except the folder itself. */
function failing(fail: () => never): Preview2Descriptor {
  const self = <T>(path: string, answer: T) => (path === '.' ? answer : fail());
  const stat = { type: 'directory', linkCount: 1n, size: 0n };
  return {
    statAt: (_: object, path: string) => self(path, stat),
    metadataHashAt: (_: object, path: string) => self(path, { lower: 1n << 60n, upper: 1n << 61n }),
  } as unknown as Preview2Descriptor;
}

const rootOf = (thrown: unknown): FsDirectory =>
  descriptorFs(
    failing(() => {
      throw thrown;
    }),
  ).root;

suite('wasi/preview2', test => {
  for (const [title, thrown, errno] of [
    ['a code', 'not-empty', 55],
    ['a code in a payload', { payload: 'no-entry' }, 44],
    ['a code that has no errno of its own', 'would-block', 29],
    ['an error of the host', Object.assign(new Error('x'), { code: 'EMFILE' }), 33],
    ['an error of the host without an errno', Object.assign(new Error('x'), { code: 'ERR_X' }), undefined],
    ['anything else', new TypeError('x'), undefined],
    ['nothing', undefined, undefined],
  ] as const)
    test(`${title} is errno ${errno}`, () => is(errnoOf(thrown), errno));

  test('an error of WASI becomes an errno, another exception is thrown again', async () => {
    is(rootOf('access').lookup('a'), 2);
    const mistake = new TypeError('x');
    is(await raises(() => rootOf(mistake).lookup('a'), {}), mistake);
  });

  test('names that an implementation could take for paths are refused', () => {
    for (const name of ['a/b', 'a\\b', '..', 'a\0']) is(rootOf('no-entry').lookup(name), 28);
  });

  const mixed = (upper: bigint, lower: bigint) =>
    BigInt.asUintN(64, upper ^ (lower * 0x9e37_79b9_7f4a_7c15n));
  const [large, small] = [1n << 40n, (1n << 40n) - 1n];
  for (const { title, upper, lower, ino } of [
    { title: 'a file number and a count of changes', upper: 5n, lower: 1n, ino: 5n },
    { title: 'the same file number and another count', upper: 5n, lower: 2n, ino: 5n },
    { title: 'two numbers just below 2^40', upper: small, lower: small, ino: small },
    { title: 'the time of the last change and a number', upper: 7_000_000_009n, lower: 3n, ino: 3n },
    { title: 'a hash whose upper half is large', upper: large, lower: 1n, ino: mixed(large, 1n) },
    { title: 'a hash whose lower half is large', upper: 1n, lower: large, ino: mixed(1n, large) },
    { title: 'a hash that mixes to 0', upper: mixed(0n, large), lower: large, ino: 1n },
  ])
    test(`${title} becomes inode ${ino}`, () => {
      const mtim = { seconds: 7n, nanoseconds: 9 };
      const stat = { type: 'regular-file', linkCount: 1n, size: 1n, dataModificationTimestamp: mtim };
      const self = failing(raise);
      const folder = {
        statAt: (flags: object, path: string) => (path === '.' ? self.statAt(flags, path) : stat),
        metadataHashAt: () => ({ upper, lower }),
      };
      const found = descriptorFs(folder as unknown as Preview2Descriptor).root.lookup('a') as FsStat;
      is(found.ino, ino);
    });

  for (const [title, descriptor] of [
    ['nothing', undefined],
    ['a file system of ours', new MemoryFs()],
    ['a folder that is not there', { ...failing(() => raise()), statAt: () => raise() }],
  ] as const)
    test(`refuses ${title}`, async () => {
      const given = descriptor as unknown as Preview2Descriptor;
      await raises(() => descriptorFs(given), { code: 'WASI_INVALID_PREOPEN' });
    });

  test('a file is opened once, and disposed when the program closes it', () => {
    const calls: string[] = [];
    const key = (Symbol as { dispose?: symbol }).dispose ?? Symbol.for('dispose');
    const stat = { type: 'regular-file', linkCount: 1n, size: 1n };
    const hash = { lower: 1n, upper: 1n };
    const file = {
      read: () => [Uint8Array.of(7), true],
      stat: () => stat,
      metadataHash: () => hash,
      [key]: () => void calls.push('dispose'),
    };
    const self = failing(raise);
    const folder = {
      statAt: (flags: object, path: string) => (path === '.' ? self.statAt(flags, path) : stat),
      metadataHashAt: (flags: object, path: string) =>
        path === '.' ? self.metadataHashAt(flags, path) : hash,
      openAt: (_: object, path: string) => {
        calls.push(path);
        return path.endsWith('file') ? file : raise();
      },
    };
    const { root } = descriptorFs(folder as unknown as Preview2Descriptor);
    const opening = { read: true, write: false, create: false, exclusive: false, truncate: false };
    is(root.openFile('moved', opening), 44);
    const opened = root.openFile('file', opening) as FsFile;
    const into = new Uint8Array(1);
    is(opened.read(into, 0), 1);
    is(into[0], 7);
    opened.close();
    equal(calls, ['./moved', './file', 'dispose']);
  });

  test('all preopens become options of createWasi', () => {
    const directories = ['/a', '/b'].map(path => [failing(raise), path] as const);
    equal(Object.keys(preview2Preopens({ getDirectories: () => directories })), ['/a', '/b']);
  });
});

function raise(): never {
  throw 'no-entry';
}
