import {
  createWasi,
  Errno,
  isPointer,
  LineSink,
  MemoryFs,
  WasiExit,
  wasiFunctions,
} from '../../wasi/index.ts';
import { Fdflags } from '../../wasi/spec/constants.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { FakeClock, GUARD, Guest, u32, utf8 } from './guest.ts';

const fail = (): never => {
  throw new Error('disk on fire');
};
const argumentsFor = (params: readonly (readonly [string, string, string])[]) =>
  params.map(([, type]) => (type === 'i64' ? 0n : 0));

suite('wasi/preview1', test => {
  test('an exception of checkpoint ends the call of every function', async () => {
    const stop = new Error('the call was stopped');
    const guest = new Guest({
      checkpoint: () => {
        throw stop;
      },
    });
    for (const row of wasiFunctions)
      is(await raises(() => guest.call(row.name, ...argumentsFor(row.params)), {}), stop, row.name);
    guest.wrote();
    is(guest.diagnostics.length, 0);
  });

  test('checkpoint is called once for each function', () => {
    let calls = 0;
    const guest = new Guest({ checkpoint: () => void calls++ });
    for (const row of wasiFunctions)
      if (row.name !== 'proc_exit') guest.call(row.name, ...argumentsFor(row.params));
    is(calls, 45);
  });

  test.row('wasi.proc_exit', 'an exception of onExit reaches the caller unchanged', async () => {
    const thrown = { not: 'even an error' };
    const codes: number[] = [];
    const guest = new Guest({
      onExit: code => {
        codes.push(code);
        throw thrown;
      },
    });
    try {
      guest.call('proc_exit', -2);
      ok(false, 'proc_exit returned');
    } catch (caught) {
      is(caught, thrown);
    }
    equal(codes, [0xffff_fffe]);
  });

  test.row('wasi.proc_exit', 'the program does not continue when onExit returns', async () => {
    const guest = new Guest({ onExit: (() => undefined) as unknown as () => never });
    ok((await raises(() => guest.call('proc_exit', 3), { code: 'WASI_EXIT' })) instanceof WasiExit);
  });

  for (const { name, options, args } of [
    { name: 'fd_write', options: { stdout: { write: fail } }, args: [1, 16, 1, 200] },
    { name: 'fd_read', options: { stdin: { read: fail } }, args: [0, 16, 1, 200] },
    { name: 'random_get', options: { random: { fill: fail } }, args: [300, 4] },
    { name: 'clock_time_get', options: { clock: { nowNs: fail, resolutionNs: fail } }, args: [0, 0n, 200] },
    { name: 'clock_res_get', options: { clock: { nowNs: fail, resolutionNs: fail } }, args: [0, 200] },
  ] as const)
    test.row(`wasi.${name}`, 'an exception of the host is EIO and a diagnostic with its cause', () => {
      const guest = new Guest(options).placeIovecs(16, [300, 4]);
      is(guest.call(name, ...args), Errno.EIO);
      guest.wrote();
      const [diagnostic] = guest.diagnostics;
      is(diagnostic?.code, 'WASI_HOST_ERROR');
      is(diagnostic?.function, name);
      match(diagnostic?.message ?? '', `${name}: the host threw Error: disk on fire; answered EIO`);
      match(String(diagnostic?.cause), 'disk on fire');
    });

  test('an exception of onDiagnostic reaches the caller unchanged, so that a strict host can stop the call', async () => {
    const strict = new Error('strict');
    const onDiagnostic = () => {
      throw strict;
    };
    const guest = new Guest({ onDiagnostic, random: { fill: fail } });
    is(await raises(() => guest.call('random_get', 0, 1), {}), strict);
  });

  test('before bind, functions with pointers return EFAULT with a diagnostic, and the others work', async () => {
    for (const row of wasiFunctions) {
      if (row.name === 'proc_exit') continue;
      const codes: string[] = [];
      const { imports } = createWasi({
        clock: new FakeClock(),
        random: { fill() {} },
        onDiagnostic: ({ code }) => void codes.push(code),
      });
      const answer = imports[row.name](...argumentsFor(row.params));
      const hasPointers = row.params.some(isPointer);
      is(answer === Errno.EFAULT, hasPointers, row.name);
      equal(codes, hasPointers ? ['WASI_MEMORY_UNBOUND'] : [], row.name);
    }
  });

  test('bind refuses a value that is not a memory', async () => {
    const { wasi } = new Guest();
    for (const given of [undefined, null, {}, new Uint8Array(1).fill(1).buffer])
      await raises(() => wasi.bind(given as unknown as WebAssembly.Memory), { code: 'WASI_INVALID_MEMORY' });
  });

  test('after growth the same imports use the new memory', () => {
    const guest = new Guest();
    is(guest.call('random_get', 65_536, 4), Errno.EFAULT);
    is(guest.call('random_get', 0, 4), Errno.ESUCCESS);
    guest.memory.grow(1);
    is(guest.call('random_get', 65_536, 4), Errno.ESUCCESS);
    equal([...guest.bytes.slice(65_535, 65_541)], [GUARD, 0xaa, 0xaa, 0xaa, 0xaa, 0]);
  });

  test('a sink that makes the memory grow does not lose the count', () => {
    const guest: Guest = new Guest({ stdout: { write: () => void guest.memory.grow(1) } });
    guest.place(300, utf8('x')).placeIovecs(16, [300, 1]);
    is(guest.call('fd_write', 1, 16, 1, 200), Errno.ESUCCESS);
    equal([...guest.bytes.slice(200, 204)], u32(1));
  });

  test('two WASI objects share no state', () => {
    const one = new Guest({ args: ['one'], stdout: new LineSink() });
    const two = new Guest({ args: ['two', 'three'] }).place(300, utf8('x')).placeIovecs(16, [300, 1]);
    is(one.call('fd_close', 1), Errno.ESUCCESS);
    is(two.call('fd_write', 1, 16, 1, 200), Errno.ESUCCESS);
    is(two.call('args_sizes_get', 204, 208), Errno.ESUCCESS);
    two.wrote([200, u32(1)], [204, u32(2)], [208, u32(10)]);
    one.wrote();
  });

  test.row('wasi.path_open', 'a new descriptor never gets the number of a standard stream', () => {
    const guest = new Guest({ preopens: { '/': new MemoryFs({ f: '' }) } }).place(0, utf8('f'));
    for (const fd of [0, 1, 2]) is(guest.call('fd_close', fd), Errno.ESUCCESS);
    for (const fd of [4, 5]) {
      is(guest.call('path_open', 3, 0, 0, 1, 0, 0n, 0n, 0, 512), Errno.ESUCCESS);
      equal([...guest.bytes.slice(512, 516)], u32(fd));
    }
    is(guest.call('fd_close', 3), Errno.ESUCCESS);
    is(guest.call('fd_close', 1), Errno.EBADF);
  });

  const changes: [title: string, isKept: boolean, ...calls: Parameters<Guest['call']>[]][] = [
    ['nothing', true],
    ['a write and a question', true, ['fd_write', 1, 0, 0, 512], ['fd_fdstat_get', 3, 512]],
    ['an opened file', false, ['path_open', 3, 0, 0, 1, 0, 0n, 0n, 0, 512]],
    ['a file opened and closed', true, ['path_open', 3, 0, 0, 1, 0, 0n, 0n, 0, 512], ['fd_close', 5]],
    ['a closed descriptor', false, ['fd_close', 2]],
    ['a descriptor with another number', false, ['fd_renumber', 1, 2]],
    ['other flags', true, ['fd_fdstat_set_flags', 1, Fdflags.NONBLOCK]],
    ['fewer rights', true, ['fd_fdstat_set_rights', 3, 0n, 0n]],
    ['a listing that was begun', true, ['fd_readdir', 3, 512, 64, 0n, 1024]],
    [
      'the number of a closed descriptor in use again',
      false,
      ['fd_close', 3],
      ['path_open', 4, 0, 0, 1, 0, 0n, 0n, 0, 512],
    ],
  ];
  for (const [title, isKept, ...calls] of changes)
    test(`${title}: the descriptors are ${isKept ? 'kept' : 'not kept'}, and reset puts them back`, () => {
      const folder = new MemoryFs({ f: '' });
      const guest = new Guest({ preopens: { '/a': folder, '/b': folder } }).place(0, utf8('f'));
      const states = () =>
        [0, 1, 2, 3, 4].map(fd => {
          is(guest.call('fd_fdstat_get', fd, 512), Errno.ESUCCESS);
          return [...guest.bytes.slice(512, 536)];
        });
      const first = states();
      for (const call of calls) is(guest.call(...call), Errno.ESUCCESS, call[0]);
      is(guest.wasi.keep(), isKept);
      const expected = isKept ? states() : first;
      is(guest.call('fd_fdstat_set_flags', 0, Fdflags.APPEND), Errno.ESUCCESS);
      for (const fd of [1, 3]) guest.call('fd_close', fd);
      for (let round = 0; round < 2; round++) {
        guest.wasi.reset();
        equal(states(), expected);
        is(guest.call('fd_fdstat_get', 5, 512), Errno.EBADF);
      }
    });
});
