import {
  bytesSource,
  Errno,
  isPointer,
  MemoryFs,
  Rights,
  type WasiFunction,
  type WasiFunctionName,
  wasiFunctions,
} from '../../wasi/index.ts';
import { bytesEqual, is, ok } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { Guest, PAGE_BYTES, u32, utf8, zeros } from './guest.ts';

const IOVS = 64;
const CLOCK_SUBSCRIPTION = 256;
const FILE_NAME = 320;
const NEW_NAME = 324;
const LINK_NAME = 328;
/** The preopened folder and the file in it, opened. */
const FOLDER = 3;
const FILE = 4;

/** Arguments for which each function succeeds, or returns the `answer` beside them. */
const good: Partial<Record<WasiFunctionName, { args: (number | bigint)[]; answer?: number }>> = {
  args_get: { args: [1024, 2048] },
  args_sizes_get: { args: [1024, 2048] },
  environ_get: { args: [1024, 2048] },
  environ_sizes_get: { args: [1024, 2048] },
  clock_res_get: { args: [0, 1024] },
  clock_time_get: { args: [1, 0n, 1024] },
  fd_fdstat_get: { args: [FOLDER, 1024] },
  fd_filestat_get: { args: [FILE, 1024] },
  fd_pread: { args: [FILE, IOVS, 1, 0n, 1024] },
  fd_prestat_get: { args: [FOLDER, 1024] },
  fd_prestat_dir_name: { args: [FOLDER, 1024, 7] },
  fd_pwrite: { args: [FILE, IOVS, 1, 0n, 1024] },
  fd_read: { args: [0, IOVS, 1, 1024] },
  fd_readdir: { args: [FOLDER, 1024, 512, 0n, 2048] },
  fd_seek: { args: [FILE, 0n, 0, 1024] },
  fd_tell: { args: [FILE, 1024] },
  fd_write: { args: [1, IOVS, 1, 1024] },
  path_create_directory: { args: [FOLDER, NEW_NAME, 3] },
  path_filestat_get: { args: [FOLDER, 0, FILE_NAME, 4, 1024] },
  path_filestat_set_times: { args: [FOLDER, 0, FILE_NAME, 4, 1n, 1n, 5] },
  path_link: { args: [FOLDER, 0, FILE_NAME, 4, FOLDER, NEW_NAME, 3] },
  path_open: { args: [FOLDER, 0, FILE_NAME, 4, 0, 0n, 0n, 0, 1024] },
  path_readlink: { args: [FOLDER, LINK_NAME, 4, 1024, 16, 2048] },
  path_remove_directory: { args: [FOLDER, NEW_NAME, 3], answer: Errno.ENOENT! },
  path_rename: { args: [FOLDER, FILE_NAME, 4, FOLDER, NEW_NAME, 3] },
  path_symlink: { args: [FILE_NAME, 4, FOLDER, NEW_NAME, 3] },
  path_unlink_file: { args: [FOLDER, FILE_NAME, 4] },
  poll_oneoff: { args: [CLOCK_SUBSCRIPTION, 1024, 1, 2048] },
  random_get: { args: [1024, 16] },
  sock_accept: { args: [FILE, 0, 1024], answer: Errno.ENOTSOCK! },
  sock_recv: { args: [FILE, IOVS, 1, 0, 1024, 1028], answer: Errno.ENOTSOCK! },
  sock_send: { args: [FILE, IOVS, 1, 0, 1024], answer: Errno.ENOTSOCK! },
};

const ALL_RIGHTS = Object.values(Rights).reduce((all, right) => all | right, 0n);

function hostileGuest(): Guest {
  const fs = new MemoryFs({ file: 'content' });
  fs.root.symlink('link', 'file');
  const guest = new Guest({
    args: ['a', 'b'],
    env: { NAME: 'value' },
    stdin: bytesSource(new Uint8Array(1000).fill(7)),
    preopens: { '/folder': fs },
  })
    .placeIovecs(IOVS, [4096, 4])
    .place(CLOCK_SUBSCRIPTION, zeros(48))
    .place(FILE_NAME, utf8('filenew link'));
  is(
    guest.call('path_open', FOLDER, 0, FILE_NAME, 4, 0, ALL_RIGHTS & ~Rights.SOCK_ACCEPT, 0n, 0, 60),
    Errno.ESUCCESS,
  );
  return guest.place(60, u32(FILE));
}

/** As wasm gives them: i32 is signed in JavaScript. */
const outside = [PAGE_BYTES, PAGE_BYTES - 1, PAGE_BYTES + 1, 0x7fff_ffff, 0x8000_0000 | 0, -4, -1];

/** Bytes behind a pointer of `good`, as the row describes them. */
function sizeOf({ name, params }: WasiFunction, index: number, args: readonly (number | bigint)[]): number {
  const [param, , meaning] = params[index]!;
  const strings = ENDS[`${name} ${param}`];
  if (strings !== undefined) return strings;
  const [, type, count] = /^pointer to (\w+)(?:\[(\w+)\])?/.exec(meaning)!;
  const each = Number(/\((\d+) bytes/.exec(meaning)?.[1] ?? SIZES[type!]);
  const counted = params.findIndex(([other]) => other === count);
  return each * (counted < 0 ? 1 : Number(args[counted]));
}

const SIZES: Readonly<Record<string, number>> = { u8: 1, u32: 4, u64: 8, iovec: 8, ciovec: 8 };
/** The lists of `hostileGuest`: two arguments of one letter, and one variable. */
const ENDS: Readonly<Record<string, number>> = {
  'args_get argv': 8,
  'args_get argv_buf': 4,
  'environ_get environ': 4,
  'environ_get environ_buf': 11,
};

suite('wasi/hostile pointers', test => {
  const withPointers = wasiFunctions.filter(row => row.params.some(isPointer));

  test('there are arguments for every function that takes pointers', () => {
    is(Object.keys(good).sort().join(), withPointers.map(row => row.name).join());
  });

  for (const row of withPointers) {
    const { args, answer = Errno.ESUCCESS } = good[row.name] ?? { args: [] };

    test.row(`wasi.${row.name}`, 'valid arguments give the expected result', () => {
      is(hostileGuest().call(row.name, ...args), answer);
    });

    for (const [index, param] of row.params.entries()) {
      if (!isPointer(param)) continue;
      test.row(`wasi.${row.name}`, `${param[0]} outside the memory: EFAULT, nothing written`, () => {
        for (const pointer of outside) {
          const guest = hostileGuest();
          const expected = answer === Errno.ENOTSOCK ? Errno.ENOTSOCK : Errno.EFAULT;
          is(guest.call(row.name, ...args.with(index, pointer)), expected, `${param[0]}=${pointer}`);
          guest.wrote();
          is(guest.stdout.writes.length, 0);
          is(guest.diagnostics.length, 0);
        }
      });
    }
  }

  for (const row of withPointers) {
    const { args, answer = Errno.ESUCCESS } = good[row.name] ?? { args: [] };
    for (const [index, param] of row.params.entries()) {
      if (!isPointer(param) || answer === Errno.ENOTSOCK) continue;
      test.row(`wasi.${row.name}`, `${param[0]} may end with the memory, and not a byte later`, () => {
        const bytes = sizeOf(row, index, args);
        const last = PAGE_BYTES - bytes;
        const guest = hostileGuest();
        const start = Number(args[index]);
        guest.bytes.copyWithin(last, start, start + bytes);
        is(guest.call(row.name, ...args.with(index, last)), answer, `${param[0]}=${last}`);
        const beyond = hostileGuest();
        beyond.bytes.copyWithin(last + 1, start, start + bytes);
        const before = beyond.bytes.slice();
        is(beyond.call(row.name, ...args.with(index, last + 1)), Errno.EFAULT, `${param[0]}=${last + 1}`);
        bytesEqual(beyond.bytes, before);
      });
    }
  }

  test.row('wasi.random_get', 'a length that reaches beyond the memory or wraps around is EFAULT', () => {
    const guest = hostileGuest();
    for (const [buf, length] of [
      [0, PAGE_BYTES + 1],
      [0, -1],
      [1, -1],
      [-1, 1],
      [-1, 0],
      [0x8000_0000 | 0, 0x8000_0000 | 0],
    ] as const)
      is(guest.call('random_get', buf, length), Errno.EFAULT, `${buf} ${length}`);
    guest.wrote();
    is(guest.call('random_get', PAGE_BYTES, 0), Errno.ESUCCESS);
    is(guest.call('random_get', 0, PAGE_BYTES), Errno.ESUCCESS);
  });

  for (const name of ['fd_read', 'fd_write'] as const) {
    test.row(`wasi.${name}`, 'counts and pieces beyond the memory: EFAULT, nothing moved', () => {
      const fd = name === 'fd_read' ? 0 : 1;
      for (const count of [-1, 0x2000_0000, 0x8000_0000 | 0, PAGE_BYTES / 8 - 7]) {
        const guest = hostileGuest();
        is(guest.call(name, fd, IOVS, count, 1024), Errno.EFAULT, `iovs_len=${count}`);
        guest.wrote();
      }
      for (const piece of [
        [PAGE_BYTES, 1],
        [PAGE_BYTES - 1, 2],
        [0, 0xffff_ffff],
        [0xffff_ffff, 0xffff_ffff],
        [0xffff_ffff, 1],
        [0x8000_0000, 0x8000_0000],
        [0xffff_fff0, 0],
      ] as const) {
        const guest = hostileGuest().placeIovecs(IOVS, [4096, 4], piece);
        is(guest.call(name, fd, IOVS, 2, 1024), Errno.EFAULT, `piece ${piece}`);
        guest.wrote();
        is(guest.stdout.writes.length, 0);
      }
    });
  }

  test.row('wasi.poll_oneoff', 'a count beyond the memory is EFAULT, a count beyond the limit EINVAL', () => {
    const guest = hostileGuest();
    is(guest.call('poll_oneoff', CLOCK_SUBSCRIPTION, 1024, 2000, 2048), Errno.EFAULT);
    is(guest.call('poll_oneoff', CLOCK_SUBSCRIPTION, 1024, 65_537, 2048), Errno.EINVAL);
    is(guest.call('poll_oneoff', CLOCK_SUBSCRIPTION, 1024, -1, 2048), Errno.EINVAL);
    guest.wrote();
  });

  test('random calls return an errno of their row and never throw', () => {
    const seed = Date.now() >>> 0;
    const random = new Random(seed);
    const interesting = [0, 1, 2, 3, 4, 8, 64, 256, 1024, PAGE_BYTES - 8, PAGE_BYTES - 1, PAGE_BYTES, -1, -8];
    let guest = hostileGuest();
    for (let call = 0; call < 20_000; call++) {
      const row = random.pick(wasiFunctions);
      if (row.name === 'proc_exit' || row.name === 'proc_raise') continue;
      // After a few random calls, all open descriptors would be closed or moved.
      if (call % 200 === 0) guest = hostileGuest();
      if (call % 100 === 0) guest.bytes.set(random.bytes(512), random.below(4096));
      const args = row.params.map(([, type]) => {
        const value = random.below(3) ? random.pick(interesting) : random.u32() | 0;
        return type === 'i64' ? BigInt(value) : value;
      });
      const label = `seed ${seed}, call ${call}: ${row.name}(${args})`;
      let answer = -1;
      try {
        answer = guest.call(row.name, ...args);
      } catch (thrown) {
        ok(false, `${label} threw ${thrown}`);
      }
      ok(
        row.errnos.some(name => Errno[name] === answer),
        `${label} answered ${answer}`,
      );
    }
  });

  test('a list of 4 GiB lengths over one page moves nothing beyond the memory', () => {
    const guest = new Guest();
    guest.bytes.set(u32(0), 0);
    for (let at = 0; at < PAGE_BYTES; at += 8) guest.bytes.set([...u32(0), ...u32(PAGE_BYTES)], at);
    // 8192 pieces of 64 KiB each: the first 1024 would be 64 MiB, the limit is 16.
    is(guest.call('fd_write', 1, 0, PAGE_BYTES / 8, 32_768), Errno.ESUCCESS);
    is(guest.stdout.writes[0]?.length, 16 * 1024 * 1024);
    is(new DataView(guest.memory.buffer).getUint32(32_768, true), 16 * 1024 * 1024);
  });
});
