import { WASI_ERROR_CODES } from '../../wasi/errors.ts';
import {
  createWasi,
  LineSink,
  MemoryFs,
  type WasiDiagnosticCode,
  WasiError,
  type WasiErrorCode,
  WasiExit,
  type WasiOptions,
} from '../../wasi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import { Guest, sleepless, u32, u64, zeros } from './guest.ts';
import { Program, ROOT } from './program.ts';

const raise = (): never => {
  throw new Error('no clock');
};
const memory = new WebAssembly.Memory({ initial: 1 });
const instance = (...names: string[]) =>
  ({
    exports: { memory, ...Object.fromEntries(names.map(name => [name, () => {}])) },
  }) as unknown as WebAssembly.Instance;

/** A mistake of the embedder for each code. */
const MISTAKES: Readonly<Record<Exclude<WasiErrorCode, 'WASI_INVALID_READ'>, () => unknown>> = {
  WASI_INVALID_OPTION: () => createWasi({ argv: [] } as WasiOptions),
  WASI_INVALID_ARG: () => createWasi({ args: ['a\0'] }),
  WASI_INVALID_ENV: () => createWasi({ env: { '': 'x' } }),
  WASI_INVALID_MEMORY: () => createWasi({}).bind({} as WebAssembly.Memory),
  WASI_INVALID_LIMIT: () => new LineSink({ maxLineBytes: 1 }),
  WASI_INVALID_FILES: () => new MemoryFs({ 'a/b': '' }),
  WASI_INVALID_PREOPEN: () => createWasi({ preopens: { '': new MemoryFs() } }),
  WASI_INVALID_INSTANCE: () => createWasi({}).start({} as WebAssembly.Instance),
  WASI_IS_COMMAND: () => createWasi({}).initialize(instance('_start')),
  WASI_NO_START: () => createWasi({}).start(instance()),
  WASI_OTHER_VERSION() {
    const imports = [{ module: 'wasi_unstable', name: 'fd_write' }];
    return createWasi({}).getImportObject(new WebAssembly.Module(buildModule({ imports })));
  },
  WASI_STARTED() {
    const wasi = createWasi({});
    wasi.start(instance('_start'));
    wasi.start(instance('_start'));
  },
  WASI_TOO_LARGE() {
    const fs = new MemoryFs({ file: 'x'.repeat(900) }, { quotaBytes: 1000 });
    const program = new Program({ '/': fs });
    for (const name of ['one', 'two']) program.do('path_link', ROOT, 0, 'file', ROOT, name);
    program.do('fd_filestat_set_size', program.openFile('file'), 2n ** 40n);
    fs.snapshot();
  },
};

/** A call of a program that is answered by an errno, for each diagnostic. */
const TOLERATED: Readonly<Record<WasiDiagnosticCode, (options: WasiOptions) => unknown>> = {
  WASI_HOST_ERROR(options) {
    const clock = { nowNs: () => raise(), resolutionNs: () => 1n };
    return new Guest({ ...options, clock }).call('clock_time_get', 0, 0n, 8);
  },
  WASI_WOULD_BLOCK(options) {
    const guest = new Guest(options);
    // A subscription to a clock: userdata, tag, padding, id, padding, timeout, precision, flags.
    guest.place(8, [...zeros(16), ...u32(1), ...zeros(4), ...u64(10n), ...zeros(16)]);
    return guest.call('poll_oneoff', 8, 128, 1, 256);
  },
  WASI_MEMORY_UNBOUND: options => createWasi(options).imports.fd_write(1, 0, 0, 0),
};

suite('wasi errors', test => {
  for (const [code, mistake] of Object.entries(MISTAKES)) {
    test.row(`error.${code}`, 'it is thrown as a WasiError', async () => {
      ok((await raises(mistake, { code })) instanceof WasiError);
    });
  }

  for (const [code, run] of Object.entries(TOLERATED)) {
    test.row(`error.${code}`, 'the program gets an errno, and the embedder a diagnostic', () => {
      const codes: string[] = [];
      const errno = run({
        clock: sleepless({ nowNs: () => 0n, resolutionNs: () => 1n }),
        onDiagnostic: diagnostic => void codes.push(diagnostic.code),
      });
      equal([typeof errno, errno === 0, codes], ['number', false, [code]]);
    });
  }

  test.row('error.WASI_INVALID_READ', 'a count beyond the array is the cause of WASI_HOST_ERROR', () => {
    const guest = new Guest({ stdin: { read: () => 100 } });
    guest.place(8, [...u32(64), ...u32(4)]);
    guest.call('fd_read', 0, 8, 1, 0);
    const [{ code, cause } = { code: '', cause: null }] = guest.diagnostics;
    equal([code, (cause as WasiError).code], ['WASI_HOST_ERROR', 'WASI_INVALID_READ']);
  });

  test.row('error.WASI_EXIT', 'proc_exit throws a WasiExit with the exit code', async () => {
    const error = await raises(() => createWasi({}).imports.proc_exit(3), { code: 'WASI_EXIT' });
    is((error as WasiExit).exitCode, 3);
    ok(error instanceof WasiExit);
  });

  test('each row is one of these codes', () => {
    const proved = [...Object.keys(MISTAKES), ...Object.keys(TOLERATED), 'WASI_INVALID_READ', 'WASI_EXIT'];
    equal(WASI_ERROR_CODES.map(({ code }) => code).sort(), proved.sort());
  });
});
