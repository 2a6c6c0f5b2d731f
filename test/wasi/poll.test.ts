import { Errno } from '../../wasi/index.ts';
import { equal, is, match, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { FakeClock, Guest, sleepless, u16, u32, u64, zeros } from './guest.ts';

const IN = 1024;
const OUT = 8192;
const NEVENTS = 512;
const REALTIME = 0;
const MONOTONIC = 1;
const ABSTIME = 1;

// Padding is 0xee, so that reading at a wrong offset is noticed.
const clockSub = (userdata: bigint, id: number, timeoutNs: bigint, flags = 0): number[] => [
  ...u64(userdata),
  0,
  ...new Array<number>(7).fill(0xee),
  ...u32(id),
  ...new Array<number>(4).fill(0xee),
  ...u64(timeoutNs),
  ...u64(1_000n),
  ...u16(flags),
  ...new Array<number>(6).fill(0xee),
];
const fdSub = (userdata: bigint, type: number, fd: number): number[] => [
  ...u64(userdata),
  type,
  ...new Array<number>(7).fill(0xee),
  ...u32(fd),
  ...new Array<number>(28).fill(0xee),
];
const event = (userdata: bigint, errno: number, type: number, nbytes = 0n): number[] => [
  ...u64(userdata),
  ...u16(errno),
  type,
  ...zeros(5),
  ...u64(nbytes),
  ...zeros(8),
];
const read = (userdata: bigint, fd: number) => fdSub(userdata, 1, fd);
const write = (userdata: bigint, fd: number) => fdSub(userdata, 2, fd);

const cases = [
  { title: 'a zero time', subs: [clockSub(7n, MONOTONIC, 0n)], slept: [], events: [event(7n, 0, 0)] },
  {
    title: 'a relative time',
    subs: [clockSub(2n ** 64n - 1n, MONOTONIC, 10_000_000n)],
    slept: [10_000_000n],
    events: [event(2n ** 64n - 1n, 0, 0)],
  },
  {
    title: 'an absolute monotonic time',
    subs: [clockSub(1n, MONOTONIC, 5_000_000_123n, ABSTIME)],
    slept: [123n],
    events: [event(1n, 0, 0)],
  },
  {
    title: 'an absolute realtime',
    subs: [clockSub(1n, REALTIME, 1_000_000_000_500n, ABSTIME)],
    slept: [500n],
    events: [event(1n, 0, 0)],
  },
  {
    title: 'an absolute time that is past',
    subs: [clockSub(1n, MONOTONIC, 4_999_999_999n, ABSTIME)],
    slept: [],
    events: [event(1n, 0, 0)],
  },
  {
    title: 'several times: only those due after the shortest',
    subs: [
      clockSub(1n, MONOTONIC, 300n),
      clockSub(2n, MONOTONIC, 100n),
      clockSub(3n, REALTIME, 1_000_000_000_100n, ABSTIME),
      clockSub(4n, MONOTONIC, 101n),
    ],
    slept: [100n],
    events: [event(2n, 0, 0), event(3n, 0, 0)],
  },
  {
    title: 'the shortest time there is',
    subs: [clockSub(1n, MONOTONIC, 1n)],
    slept: [1n],
    events: [event(1n, 0, 0)],
  },
  {
    title: 'the longest time there is',
    subs: [clockSub(1n, MONOTONIC, 2n ** 64n - 1n)],
    slept: [2n ** 64n - 1n],
    events: [event(1n, 0, 0)],
  },
  {
    title: 'stdio is ready at once, beside a time that is not due',
    subs: [clockSub(1n, MONOTONIC, 100n), read(2n, 0), write(3n, 1), write(4n, 2)],
    slept: [],
    events: [event(2n, 0, 1, 1n), event(3n, 0, 2, 1n), event(4n, 0, 2, 1n)],
  },
  {
    title: 'descriptors not open, or not for this',
    subs: [read(1n, 9), write(2n, 0), read(3n, 1), clockSub(4n, MONOTONIC, 100n)],
    slept: [],
    events: [event(1n, 8, 1), event(2n, 8, 2), event(3n, 8, 1)],
  },
  {
    title: 'clocks and flags that do not exist',
    subs: [clockSub(1n, 2, 100n), clockSub(2n, 77, 100n), clockSub(3n, MONOTONIC, 100n, 2)],
    slept: [],
    events: [event(1n, 28, 0), event(2n, 28, 0), event(3n, 28, 0)],
  },
];

const place = (guest: Guest, subs: readonly (readonly number[])[]) => guest.place(IN, subs.flat());

suite('wasi/poll', test => {
  for (const { title, subs, slept, events } of cases)
    test.row('wasi.poll_oneoff', title, () => {
      const guest = place(new Guest(), subs);
      is(guest.call('poll_oneoff', IN, OUT, subs.length, NEVENTS), Errno.ESUCCESS);
      guest.wrote([OUT, events.flat()], [NEVENTS, u32(events.length)]);
      equal(guest.clock.slept, slept);
    });

  test.row('wasi.poll_oneoff', 'events may overwrite the subscriptions they come from', () => {
    const subs = [write(1n, 1), write(2n, 2), write(3n, 1)];
    const guest = place(new Guest(), subs);
    is(guest.call('poll_oneoff', IN, IN, 3, NEVENTS), Errno.ESUCCESS);
    const events = [event(1n, 0, 2, 1n), event(2n, 0, 2, 1n), event(3n, 0, 2, 1n)];
    guest.wrote([IN, events.flat()], [NEVENTS, u32(3)]);
  });

  test.row('wasi.poll_oneoff', 'no subscription, or one of an unknown type, is EINVAL', () => {
    const guest = place(new Guest(), [write(1n, 1), fdSub(2n, 3, 1)]);
    is(guest.call('poll_oneoff', IN, OUT, 0, NEVENTS), Errno.EINVAL);
    is(guest.call('poll_oneoff', IN, OUT, 2, NEVENTS), Errno.EINVAL);
    guest.wrote();
  });

  test.row(
    'wasi.poll_oneoff',
    'on a thread that may not block, a wait is ENOTSUP, with a diagnostic that gives the reason',
    () => {
      const guest = place(new Guest({ clock: sleepless(new FakeClock()) }), [clockSub(1n, MONOTONIC, 10n)]);
      is(guest.call('poll_oneoff', IN, OUT, 1, NEVENTS), Errno.ENOTSUP);
      guest.wrote();
      is(guest.diagnostics.length, 1);
      const [{ code, function: name, message } = { code: '', function: '', message: '' }] = guest.diagnostics;
      is(code, 'WASI_WOULD_BLOCK');
      is(name, 'poll_oneoff');
      match(message, /sleep for 10 ns.*may not block.*worker/);
    },
  );

  test.row(
    'wasi.poll_oneoff',
    'an event that is already due needs no sleep, so it works on a thread that may not block',
    () => {
      for (const subs of [
        [clockSub(1n, MONOTONIC, 0n)],
        [clockSub(1n, REALTIME, 5n, ABSTIME)],
        [clockSub(1n, MONOTONIC, 10n), write(2n, 1)],
      ]) {
        const guest = place(new Guest({ clock: sleepless(new FakeClock()) }), subs);
        is(guest.call('poll_oneoff', IN, OUT, subs.length, NEVENTS), Errno.ESUCCESS);
        is(guest.diagnostics.length, 0);
      }
    },
  );

  test.row(
    'wasi.poll_oneoff',
    'a call that is stopped during the sleep throws and writes nothing',
    async () => {
      const stop = new Error('stopped');
      let stopped = false;
      const clock = new FakeClock();
      clock.sleepNs = () => {
        stopped = true;
      };
      const checkpoint = () => {
        if (stopped) throw stop;
      };
      const guest = place(new Guest({ clock, checkpoint }), [clockSub(1n, MONOTONIC, 10n)]);
      is(await raises(() => guest.call('poll_oneoff', IN, OUT, 1, NEVENTS), {}), stop);
      guest.wrote();
    },
  );
});
