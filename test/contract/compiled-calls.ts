import {
  bytesSource,
  type Clock,
  createWasi,
  Errno,
  type Fs,
  wasiSignatures,
  webClock,
} from '../../wasi/index.ts';
import { equal, is } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

export type WithFs = (body: (fs: Fs) => Promise<void>) => Promise<void>;
type ErrnoName = keyof typeof Errno;
/** A number, or an address in the array of the program: `@8`. */
type Arg = number | bigint | `@${number}`;

/** Commands for fixtures/wasi-c, wasi-rust and wasi-go, with the expected output. */
class Script {
  readonly commands: string[] = [];
  readonly expected: string[] = [];
  readonly called = new Set<string>();
  #free = 2048;

  /** Writes a text into the array. Returns its address and length, the two arguments for a path. */
  text(value: string): [Arg, number] {
    const bytes = new TextEncoder().encode(value);
    const at = this.#free;
    this.#free += bytes.length;
    if (bytes.length > 0) this.mem(at, bytes);
    return [`@${at}`, bytes.length];
  }

  mem(at: number, bytes: ArrayLike<number>): void {
    this.commands.push(`mem ${at} ${hex(bytes)}`);
  }

  u64(at: number, value: bigint): void {
    this.mem(at, new Uint8Array(BigUint64Array.of(value).buffer));
  }

  /** An iovec: address and number of bytes. */
  iovec(at: number, to: Arg, bytes: number): void {
    this.commands.push(`ptr ${at} ${to}`);
    this.mem(at + 4, new Uint8Array(Uint32Array.of(bytes).buffer));
  }

  call(name: string, args: readonly Arg[], errno: ErrnoName = 'ESUCCESS'): void {
    this.called.add(name);
    this.commands.push(['call', name, ...args].join(' '));
    this.expected.push(`${name} ${Errno[errno]}`);
  }

  show(at: number, digits: string): void {
    this.commands.push(`show ${at} ${digits.length / 2}`);
    this.expected.push(`show ${digits}`);
  }
}

const hex = (bytes: ArrayLike<number>) =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

/** Beyond every memory. */
const BEYOND = 4_294_967_280;
/** Descriptors: the preopened folder, the first that is opened, and one that is not open. */
const [ROOT, FIRST, NONE] = [3, 4, 99];
const ALL_RIGHTS = (1n << 29n) - 1n;
const [O_CREAT, O_DIRECTORY] = [1, 2];

type Chapter = (script: Script) => void;

const CHAPTERS: Record<string, Chapter> = {
  'arguments and variables'(script) {
    script.call('args_sizes_get', ['@0', '@4']);
    script.show(0, '02000000');
    script.call('args_sizes_get', [BEYOND, '@4'], 'EFAULT');
    script.call('args_get', ['@0', '@16384']);
    script.show(16384, hex(new TextEncoder().encode('calls\0')));
    script.call('args_get', ['@0', BEYOND], 'EFAULT');
    script.call('environ_sizes_get', ['@0', '@4']);
    script.show(0, '010000000f000000');
    script.call('environ_sizes_get', ['@0', BEYOND], 'EFAULT');
    script.call('environ_get', ['@0', '@512']);
    script.show(512, hex(new TextEncoder().encode('GREETING=hello\0')));
    script.call('environ_get', [BEYOND, '@512'], 'EFAULT');
  },

  'clocks, random bytes, waiting'(script) {
    script.call('clock_res_get', [0, '@0']);
    script.call('clock_res_get', [1, '@0']);
    script.call('clock_res_get', [9, '@0'], 'EINVAL');
    script.call('clock_res_get', [0, BEYOND], 'EFAULT');
    script.call('clock_time_get', [0, 0, '@0']);
    script.call('clock_time_get', [1, 1_000_000, '@8']);
    script.call('clock_time_get', [-1, 0, '@0'], 'EINVAL');
    script.call('clock_time_get', [1, 0, BEYOND], 'EFAULT');
    script.call('random_get', ['@0', 16]);
    script.call('random_get', ['@0', 0]);
    script.call('random_get', [BEYOND, 16], 'EFAULT');
    script.call('random_get', ['@0', -1], 'EFAULT');
    script.call('sched_yield', []);
    // A subscription to a clock, of 1 ms.
    script.u64(1024, 7n);
    script.mem(1032, new Uint8Array(40));
    script.u64(1048, 1n);
    script.u64(1048 + 8, 1_000_000n);
    script.call('poll_oneoff', ['@1024', '@1104', 1, '@0']);
    script.show(0, '01000000');
    script.show(1104, '07000000000000000000');
    script.call('poll_oneoff', ['@1024', '@1104', 0, '@0'], 'EINVAL');
    script.call('poll_oneoff', ['@1024', BEYOND, 1, '@0'], 'EFAULT');
    script.call('poll_oneoff', [BEYOND, '@1104', 1, '@0'], 'EFAULT');
  },

  files(script) {
    const file = script.text('file');
    const open = (flags: number, errno?: ErrnoName) =>
      script.call('path_open', [ROOT, 1, ...file, flags, ALL_RIGHTS, ALL_RIGHTS, 0, '@0'], errno);
    open(0, 'ENOENT');
    open(O_CREAT);
    script.show(0, '04000000');
    script.mem(128, new TextEncoder().encode('hello'));
    script.iovec(64, '@128', 5);
    script.call('fd_write', [FIRST, '@64', 1, '@0']);
    script.show(0, '05000000');
    script.call('fd_write', [NONE, '@64', 1, '@0'], 'EBADF');
    script.call('fd_write', [FIRST, BEYOND, 1, '@0'], 'EFAULT');
    script.call('fd_write', [FIRST, '@64', 1, BEYOND], 'EFAULT');
    script.call('fd_tell', [FIRST, '@8']);
    script.show(8, '0500000000000000');
    script.call('fd_tell', [FIRST, BEYOND], 'EFAULT');
    script.call('fd_tell', [NONE, '@8'], 'EBADF');
    script.call('fd_seek', [FIRST, -4, 1, '@8']);
    script.show(8, '0100000000000000');
    script.call('fd_seek', [FIRST, -1, 0, '@8'], 'EINVAL');
    script.call('fd_seek', [FIRST, 0, 9, '@8'], 'EINVAL');
    script.iovec(64, '@256', 16);
    script.call('fd_read', [FIRST, '@64', 1, '@0']);
    script.show(0, '04000000');
    script.show(256, hex(new TextEncoder().encode('ello')));
    script.call('fd_read', [FIRST, '@64', 1, '@0']);
    script.show(0, '00000000');
    script.iovec(72, BEYOND, 16);
    script.call('fd_read', [FIRST, '@72', 1, '@0'], 'EFAULT');
    script.call('fd_pread', [FIRST, '@64', 1, 3, '@0']);
    script.show(0, '02000000');
    script.call('fd_pread', [FIRST, '@64', 1, -1, '@0'], 'EINVAL');
    script.iovec(64, '@128', 5);
    script.call('fd_pwrite', [FIRST, '@64', 1, 10, '@0']);
    script.call('fd_pwrite', [FIRST, '@64', 1, -1, '@0'], 'EINVAL');
    script.call('fd_filestat_get', [FIRST, '@320']);
    script.show(336, '04');
    script.show(352, '0f00000000000000');
    script.call('fd_filestat_get', [FIRST, BEYOND], 'EFAULT');
    script.call('fd_filestat_set_size', [FIRST, 3]);
    script.call('fd_filestat_set_size', [NONE, 3], 'EBADF');
    script.call('fd_allocate', [FIRST, 0, 100]);
    script.call('fd_allocate', [FIRST, 0, 0], 'EINVAL');
    script.call('fd_filestat_set_times', [FIRST, 1_000_000_000, 2_000_000_000, 5]);
    script.call('fd_filestat_set_times', [FIRST, 0, 0, 3], 'EINVAL');
    script.call('fd_filestat_get', [FIRST, '@320']);
    script.show(352, '6400000000000000');
    script.show(360, '00ca9a3b000000000094357700000000');
    script.call('fd_advise', [FIRST, 0, 0, 0]);
    script.call('fd_advise', [FIRST, 0, 0, 9], 'EINVAL');
    script.call('fd_sync', [FIRST]);
    script.call('fd_sync', [NONE], 'EBADF');
    script.call('fd_datasync', [FIRST]);
    script.call('fd_datasync', [NONE], 'EBADF');
    script.call('fd_fdstat_get', [FIRST, '@400']);
    script.show(400, '04');
    script.call('fd_fdstat_get', [FIRST, BEYOND], 'EFAULT');
    script.call('fd_fdstat_set_flags', [FIRST, 1]);
    script.call('fd_fdstat_set_flags', [FIRST, 64], 'EINVAL');
    script.call('fd_fdstat_set_rights', [FIRST, 2, 0]);
    script.call('fd_fdstat_set_rights', [FIRST, ALL_RIGHTS, 0], 'ENOTCAPABLE');
    script.call('fd_write', [FIRST, '@64', 1, '@0'], 'EBADF');
    script.call('fd_close', [FIRST]);
    script.call('fd_close', [FIRST], 'EBADF');
  },

  'folders and paths'(script) {
    const [folder, file, link] = ['folder', 'folder/file', 'folder/link'].map(path => script.text(path));
    const [copy, moved] = ['folder/copy', 'folder/moved'].map(path => script.text(path));
    script.call('path_create_directory', [ROOT, ...folder!]);
    script.call('path_create_directory', [ROOT, ...folder!], 'EEXIST');
    script.call('path_create_directory', [ROOT, '@0', 0], 'ENOENT');
    script.call('path_create_directory', [ROOT, ...script.text('../outside')], 'EPERM');
    script.call('path_create_directory', [ROOT, ...script.text('/absolute')], 'EPERM');
    script.call('path_create_directory', [ROOT, BEYOND, 4], 'EFAULT');
    script.call('path_create_directory', [ROOT, ...script.text('a\0b')], 'EINVAL');
    script.call('path_open', [ROOT, 0, ...file!, O_CREAT, ALL_RIGHTS, ALL_RIGHTS, 0, '@0']);
    script.call('path_open', [ROOT, 0, ...folder!, O_DIRECTORY, ALL_RIGHTS, ALL_RIGHTS, 0, '@0'], 'EISDIR');
    script.call('path_filestat_get', [ROOT, 1, ...file!, '@320']);
    script.show(336, '04');
    script.call('path_filestat_get', [ROOT, 1, ...copy!, '@320'], 'ENOENT');
    script.call('path_filestat_set_times', [ROOT, 1, ...file!, 1_000_000_000, 2_000_000_000, 5]);
    script.call('path_filestat_set_times', [ROOT, 1, ...copy!, 0, 0, 5], 'ENOENT');
    script.call('path_link', [ROOT, 0, ...file!, ROOT, ...copy!]);
    script.call('path_link', [ROOT, 0, ...file!, ROOT, ...copy!], 'EEXIST');
    script.call('path_symlink', [...script.text('file'), ROOT, ...link!]);
    script.call('path_symlink', [...script.text('/etc/passwd'), ROOT, ...moved!], 'EPERM');
    script.call('path_readlink', [ROOT, ...link!, '@512', 100, '@0']);
    script.show(0, '04000000');
    script.show(512, hex(new TextEncoder().encode('file')));
    script.call('path_readlink', [ROOT, ...file!, '@512', 100, '@0'], 'EINVAL');
    script.call('path_open', [ROOT, 0, ...link!, 0, 2, 0, 0, '@0'], 'ELOOP');
    script.call('path_rename', [ROOT, ...copy!, ROOT, ...moved!]);
    script.call('path_rename', [ROOT, ...copy!, ROOT, ...moved!], 'ENOENT');
    // The listing has five entries of 24 bytes and their names: `.`, `..`, file, link, moved.
    script.call('path_open', [ROOT, 0, ...folder!, O_DIRECTORY, 1n << 14n, 0, 0, '@0']);
    script.show(0, '05000000');
    script.call('fd_readdir', [5, '@1024', 512, 0, '@0']);
    script.show(0, hex([24 * 5 + 1 + 2 + 4 + 4 + 5, 0, 0, 0]));
    script.call('fd_readdir', [5, '@1024', 10, 0, '@0']);
    script.show(0, '0a000000');
    script.call('fd_readdir', [5, BEYOND, 512, 0, '@0'], 'EFAULT');
    // The descriptor of a file has no right to list.
    script.call('fd_readdir', [FIRST, '@1024', 512, 0, '@0'], 'EBADF');
    script.call('fd_renumber', [5, FIRST]);
    script.call('fd_renumber', [5, FIRST], 'EBADF');
    script.call('fd_close', [FIRST]);
    script.call('fd_prestat_get', [ROOT, '@0']);
    script.show(0, '0000000001000000');
    script.call('fd_prestat_get', [NONE, '@0'], 'EBADF');
    script.call('fd_prestat_dir_name', [ROOT, '@32', 1]);
    script.show(32, '2f');
    script.call('fd_prestat_dir_name', [ROOT, '@32', 0], 'ENAMETOOLONG');
    script.call('path_unlink_file', [ROOT, ...folder!], 'EISDIR');
    script.call('path_remove_directory', [ROOT, ...file!], 'ENOTDIR');
    script.call('path_remove_directory', [ROOT, ...folder!], 'ENOTEMPTY');
    for (const path of [file!, link!, moved!]) script.call('path_unlink_file', [ROOT, ...path]);
    script.call('path_unlink_file', [ROOT, ...file!], 'ENOENT');
    script.call('path_remove_directory', [ROOT, ...folder!]);
  },

  sockets(script) {
    script.call('sock_accept', [ROOT, 0, '@0'], 'ENOTSOCK');
    script.call('sock_accept', [NONE, 0, '@0'], 'EBADF');
    script.call('sock_recv', [0, '@64', 1, 0, '@0', '@4'], 'ENOTSOCK');
    script.call('sock_recv', [NONE, '@64', 1, 0, '@0', '@4'], 'EBADF');
    script.call('sock_send', [1, '@64', 1, 0, '@0'], 'ENOTSOCK');
    script.call('sock_send', [NONE, '@64', 1, 0, '@0'], 'EBADF');
    script.call('sock_shutdown', [ROOT, 1], 'ENOTSOCK');
    script.call('sock_shutdown', [NONE, 1], 'EBADF');
  },

  'calls of the standard library'(script) {
    script.commands.push('std');
    script.expected.push(
      'std arguments 2, variable hello',
      'std mkdir 0',
      'std write 7',
      'std read line 1',
      'std stat 0, 7 bytes, folder 0',
      'std rename 0',
      'std entry b',
      'std missing 1',
      'std unlink 0, rmdir 0',
      'std sleep 0',
      'std time 1',
    );
  },
};

/** Functions that do not return, and the exit code of the program. */
const ENDINGS: [name: string, args: Arg[], exitCode: number][] = [
  ['proc_exit', [42], 42],
  ['proc_raise', [6], 134],
];

/** Returns from a sleep at once, because the thread may not block. A program sleeps again until its time has come. */
const clock: Clock = { ...webClock(), sleepNs: () => {} };

async function run(module: WebAssembly.Module, fs: Fs, commands: readonly string[]) {
  const chunks: Uint8Array[] = [];
  const output = { write: (bytes: Uint8Array) => void chunks.push(bytes.slice()) };
  const wasi = createWasi({
    args: ['calls', commands.join('\n')],
    env: { GREETING: 'hello' },
    preopens: { '/': fs },
    stdin: bytesSource(new Uint8Array(0)),
    stdout: output,
    stderr: output,
    clock,
  });
  const instance = await WebAssembly.instantiate(module, {
    wasi_snapshot_preview1: wasi.imports as unknown as WebAssembly.ModuleImports,
  });
  const exitCode = wasi.start(instance);
  wasi.close();
  const text = await new Blob(chunks as BlobPart[]).text();
  return { exitCode, lines: text.split('\n').filter(line => line !== '') };
}

/** Programs compiled from C, Rust and Go call every function on this file system, and get the documented results. */
export function compiledCalls(title: string, withFs: WithFs): void {
  suite(title, test => {
    const scripts = Object.entries(CHAPTERS).map(([name, chapter]) => {
      const script = new Script();
      chapter(script);
      return [name, script] as const;
    });

    test('every function is called', () => {
      const called = [...scripts.flatMap(([, { called }]) => [...called]), ...ENDINGS.map(([name]) => name)];
      equal([...new Set(called)].sort(), wasiSignatures.map(({ name }) => name).sort());
    });

    for (const language of ['c', 'rust', 'go']) {
      const path = `fixtures/wasi-${language}/wasi_${language}.wasm`;
      let compiled: WebAssembly.Module | undefined;
      const module = () =>
        (compiled ??= host().module?.(path) ?? new WebAssembly.Module(host().readBytes(path).slice()));
      for (const [name, { commands, expected }] of scripts) {
        test(`${language}: ${name}`, () =>
          withFs(async fs => {
            const { lines, exitCode } = await run(module(), fs, commands);
            is(lines.join('\n'), expected.join('\n'));
            is(exitCode, 0);
          }));
      }
      for (const [name, args, exitCode] of ENDINGS) {
        test(`${language}: ${name}`, () =>
          withFs(async fs => {
            const commands = [['call', name, ...args].join(' '), 'call sched_yield'];
            equal(await run(module(), fs, commands), { exitCode, lines: [] });
          }));
      }
    }
  });
}
