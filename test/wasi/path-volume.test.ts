import type { PathHost } from '../../wasi/files/path-host.ts';
import { PathVolume } from '../../wasi/files/path-volume.ts';
import { Errno, Filetype, type FsStat } from '../../wasi/index.ts';
import { equal, is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const MAX_TIMES = 4096;
const MAX_MOVES = 1024;
const MAX_REMOVED = 1024;

const statOf = (ino: number, times = 0n): FsStat => ({
  ...{ filetype: Filetype.REGULAR_FILE, dev: 1n, ino: BigInt(ino), nlink: 1n, sizeBytes: 0n },
  ...{ atimNs: times, mtimNs: times, ctimNs: 0n },
});

const newVolume = () => new PathVolume({} as PathHost);

/** Sets the times of a file on a host that keeps steps of 10 ns. */
const setTimes = (
  volume: PathVolume,
  ino: number,
  atimNs: bigint | undefined,
  mtimNs: bigint | undefined,
) => {
  let kept = statOf(ino, 40n);
  const errno = volume.setTimes(
    { atimNs, mtimNs },
    () => kept,
    both => {
      kept = { ...kept, atimNs: (both.atimNs / 10n) * 10n, mtimNs: (both.mtimNs / 10n) * 10n };
      return Errno.ESUCCESS;
    },
  );
  is(errno, Errno.ESUCCESS);
  return kept;
};

const timesOf = (stat: FsStat | number) => (typeof stat === 'number' ? [] : [stat.atimNs, stat.mtimNs]);

suite('wasi/path-volume', test => {
  test('times are described as they were set, until the host has others', () => {
    const volume = newVolume();
    const kept = setTimes(volume, 1, 123n, 456n);
    equal(timesOf(kept), [120n, 450n]);
    equal(timesOf(volume.describe(kept)), [123n, 456n]);
    equal(timesOf(volume.describe({ ...kept, atimNs: 130n })), [130n, 456n]);
    equal(timesOf(volume.describe({ ...kept, mtimNs: 460n })), [123n, 460n]);
    equal(timesOf(volume.describe({ ...kept, dev: 2n })), [120n, 450n]);
    equal(timesOf(volume.describe({ ...kept, ino: 2n })), [120n, 450n]);
    is(volume.describe(Errno.ENOENT), Errno.ENOENT);
  });

  test('a time that is left out keeps its present value', () => {
    const volume = newVolume();
    equal(timesOf(setTimes(volume, 1, undefined, 456n)), [40n, 450n]);
    equal(timesOf(setTimes(volume, 1, 123n, undefined)), [120n, 40n]);
  });

  for (const { title, looks, set } of [
    { title: 'the first look', looks: [Errno.EACCES], set: Errno.ESUCCESS },
    { title: 'the setting', looks: [statOf(1)], set: Errno.EACCES },
    { title: 'the second look', looks: [statOf(1), Errno.EACCES], set: Errno.ESUCCESS },
  ])
    test(`setTimes returns the errno of ${title}`, () => {
      const answers = [...looks];
      const errno = newVolume().setTimes(
        {},
        () => answers.shift()!,
        () => set,
      );
      is(errno, Errno.EACCES);
      is(answers.length, 0);
    });

  test(`the times of ${MAX_TIMES} files are remembered; one more drops those of the oldest`, () => {
    const volume = newVolume();
    const exact = (ino: number) => timesOf(volume.describe(statOf(ino, 120n)))[0] === 123n;
    for (let ino = 0; ino < MAX_TIMES; ino++) setTimes(volume, ino, 123n, 123n);
    equal([exact(0), exact(1)], [true, true]);
    setTimes(volume, 0, 123n, 123n);
    equal([exact(0), exact(1)], [true, true], 'set again, a file is the newest');
    setTimes(volume, MAX_TIMES, 123n, 123n);
    equal([exact(0), exact(1), exact(2), exact(MAX_TIMES)], [true, false, true, true]);
  });

  test(`${MAX_MOVES} renames are followed; one more drops the oldest`, () => {
    const volume = newVolume();
    const move = (count: number) => {
      for (let turn = 0; turn < count; turn++) volume.moved(`/other${turn}`, `/another${turn}`);
    };
    is(volume.moves, 0);
    volume.moved('/a', '/b');
    is(volume.moves, 1);
    for (const [path, since, expected] of [
      ['/a', 0, '/b'],
      ['/a/c/d', 0, '/b/c/d'],
      ['/ab', 0, '/ab'],
      ['/a', 1, '/a'],
    ] as const)
      is(volume.follow(path, since), expected);
    move(MAX_MOVES - 1);
    is(volume.follow('/a', 0), '/b');
    move(1);
    is(volume.moves, MAX_MOVES + 1);
    is(volume.follow('/a', 0), '/a');
    volume.moved('/c', '/d');
    is(volume.follow('/c', MAX_MOVES + 1), '/d');
    is(volume.follow('/c', MAX_MOVES + 2), '/c');
  });

  test(`${MAX_REMOVED} removed folders are remembered; one more drops the oldest`, () => {
    const volume = newVolume();
    is(volume.isRemoved(statOf(0), 0), false);
    for (let ino = 0; ino < MAX_REMOVED; ino++) volume.removed(statOf(ino));
    is(volume.removals, MAX_REMOVED);
    const gone = (ino: number, since = 0) => volume.isRemoved(statOf(ino), since);
    equal([gone(0), gone(0, 1), gone(1, 1), gone(MAX_REMOVED)], [true, false, true, false]);
    volume.removed(statOf(MAX_REMOVED));
    equal([gone(0), gone(1), gone(MAX_REMOVED)], [false, true, true]);
    equal([gone(MAX_REMOVED, MAX_REMOVED), gone(MAX_REMOVED, MAX_REMOVED + 1)], [true, false]);
  });
});
