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
    ['a code that objects inherit', Object.assign(new Error('x'), { code: 'constructor' }), undefined],
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

  /** Opens a file of an implementation whose descriptors of files have the given functions. */
  const openOn = (functions: object): FsFile => {
    const stat = { type: 'regular-file', linkCount: 1n, size: 1n };
    const hash = { lower: 1n, upper: 1n };
    const file = { stat: () => stat, metadataHash: () => hash, ...functions };
    const self = failing(raise);
    const folder = {
      statAt: (flags: object, path: string) => (path === '.' ? self.statAt(flags, path) : stat),
      metadataHashAt: () => hash,
      openAt: () => file,
    };
    const opening = { read: true, write: true, create: false, exclusive: false, truncate: false };
    const { root } = descriptorFs(folder as unknown as Preview2Descriptor);
    return root.openFile('file', opening) as FsFile;
  };

  test('an empty write does not reach the implementation, a write of one byte does', () => {
    const written: [bytes: number[], offset: bigint][] = [];
    const file = openOn({
      write: (bytes: Uint8Array, offset: bigint) => {
        written.push([[...bytes], offset]);
        return BigInt(bytes.length);
      },
    });
    is(file.write(new Uint8Array(0), 5), 0);
    is(file.write(Uint8Array.of(9), 5), 1);
    equal(written, [[[9], 5n]]);
  });

  const [atimNs, mtimNs] = [1_000_000_000_000n, 1_700_000_000_123_000_000n];
  for (const { title, keeps, set } of [
    { title: 'keeps times as they are', keeps: (ns: bigint) => ns, set: [1n] },
    { title: 'keeps times a second later', keeps: (ns: bigint) => ns + 1_000_000_000n, set: [1n] },
    { title: 'keeps times a second earlier', keeps: (ns: bigint) => ns - 1_000_000_000n, set: [1n] },
    { title: 'reads seconds as milliseconds', keeps: (ns: bigint) => ns / 1000n, set: [1n, 1000n] },
    { title: 'reads seconds as hours', keeps: (ns: bigint) => ns * 3600n, set: [1n, 1000n] },
  ])
    test(`times are set ${set.length === 1 ? 'once' : 'again, 1000 times smaller,'} where the implementation ${title}`, () => {
      type Time = { val: { seconds: bigint; nanoseconds: number } };
      const toNs = ({ val }: Time) => val.seconds * 1_000_000_000n + BigInt(val.nanoseconds);
      const calls: [atim: bigint, mtim: bigint][] = [];
      let dataModificationTimestamp = { seconds: 0n, nanoseconds: 0 };
      const file = openOn({
        stat: () => ({ type: 'regular-file', linkCount: 1n, size: 1n, dataModificationTimestamp }),
        setTimes: (atim: Time, mtim: Time) => {
          calls.push([toNs(atim), toNs(mtim)]);
          const kept = keeps(toNs(mtim));
          dataModificationTimestamp = {
            seconds: kept / 1_000_000_000n,
            nanoseconds: Number(kept % 1_000_000_000n),
          };
        },
      });
      is(file.setTimes({ atimNs, mtimNs }), 0);
      equal(
        calls,
        set.map(scale => [atimNs / scale, mtimNs / scale]),
      );
    });

  test('all preopens become options of createWasi', () => {
    const directories = ['/a', '/b'].map(path => [failing(raise), path] as const);
    equal(Object.keys(preview2Preopens({ getDirectories: () => directories })), ['/a', '/b']);
  });
});

function raise(): never {
  throw 'no-entry';
}
