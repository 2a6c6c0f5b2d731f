import {
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFolder } from '../../src/platform/node-files.ts';
import { createWasi, type Fs, LineSink, MemoryFs, Rights, type WasiFunctionName } from '../../wasi/index.ts';
import { nodeHost } from '../helpers/node.ts';
import { runWorkload, type Subject } from './measure.ts';

// How long do WASI calls take, on files of the host and in memory?

type Imports = Record<WasiFunctionName, (...args: (number | bigint)[]) => number>;

/** The part of browser_wasi_shim that this benchmark uses. */
interface Shim {
  WASI: new (
    args: string[],
    env: string[],
    fds: object[],
    options: { debug: boolean },
  ) => { wasiImport: Imports; initialize(instance: object): void };
  File: new (bytes: Uint8Array) => object;
  PreopenDirectory: new (path: string, entries: Map<string, object>) => object;
  ConsoleStdout: { lineBuffered(write: (line: string) => void): object };
}
const shim = (await import(new URL('../../../test/bench/peer-wasi.mjs', import.meta.url).href)) as Shim;

const MIB = 1024 * 1024;
const ENTRIES = 200;
const LINE = 'a line as programs write it, short\n';
/** Calls in one run, so that the cost of the run itself counts little. */
const CALLS = 50;

const folder = mkdtempSync(join(tmpdir(), 'plugboard-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'file'), new Uint8Array(MIB));
mkdirSync(join(folder, 'many'));
const many = Array.from({ length: ENTRIES }, (_, index) => `entry${index}`);
for (const name of many) writeFileSync(join(folder, 'many', name), '');
const inMany = Object.fromEntries(many.map(name => [name, '']));

const memory = new WebAssembly.Memory({ initial: 40 });
const reactor = { exports: { memory, _initialize() {} } };

const [ROOT, MANY] = [3, 4];

function ours(file: Fs, folderOfMany: Fs): Imports {
  const wasi = createWasi({ preopens: { '/': file, '/many': folderOfMany }, stdout: new LineSink() });
  wasi.bind(memory);
  return wasi.imports as Imports;
}

/** Undefined on other runtimes than Node, whose node:wasi is a subset. */
async function nodeWasi(): Promise<Imports | undefined> {
  if (!nodeHost.runtime.startsWith('node')) return undefined;
  const { WASI } = await import('node:wasi');
  const wasi = new WASI({
    version: 'preview1',
    preopens: { '/': folder, '/many': join(folder, 'many') },
    stdout: openSync('/dev/null', 'w'),
  });
  wasi.initialize(reactor);
  return wasi.wasiImport as Imports;
}

function browserShim(): Imports {
  const wasi = new shim.WASI(
    [],
    [],
    [
      shim.ConsoleStdout.lineBuffered(() => {}),
      shim.ConsoleStdout.lineBuffered(() => {}),
      shim.ConsoleStdout.lineBuffered(() => {}),
      new shim.PreopenDirectory('/', new Map([['file', new shim.File(new Uint8Array(MIB))]])),
      new shim.PreopenDirectory('/many', new Map(many.map(name => [name, new shim.File(new Uint8Array(0))]))),
    ],
    { debug: false },
  );
  wasi.initialize(reactor);
  return wasi.wasiImport;
}

const view = () => new DataView(memory.buffer);
const [PATH, IOVS, OUT, STAT, DATA] = [0, 16, 32, 64, 65_536];
const RIGHTS = Rights.FD_READ | Rights.FD_WRITE | Rights.FD_SEEK | Rights.FD_FILESTAT_GET;

function check(errno: number): void {
  if (errno !== 0) throw new Error(`errno ${errno}`);
}

function open(imports: Imports): number {
  check(imports.path_open(ROOT, 0, PATH, 4, 0, RIGHTS, 0n, 0, OUT));
  return view().getUint32(OUT, true);
}

const path = join(folder, 'file');
const look = (path: string) => void lstatSync(path, { bigint: true });
const sizeName = (bytes: number) => (bytes === MIB ? '1 MiB' : `${bytes / 1024} KiB`);
const inMemory = (length: number) => new Uint8Array(memory.buffer, DATA, length);

interface Operation {
  name: string;
  length?: number;
  run(imports: Imports, fd: number): void;
  /** The minimum of node:fs calls for the operation; `fd` is a file of the host. */
  bare?(fd: number): void;
}
/** The operations, each run `CALLS` times. */
const operations: Operation[] = [
  ...([4096, MIB] as const).flatMap((length): Operation[] => [
    {
      name: `fd_pread ${sizeName(length)}`,
      length,
      run: (wasi, fd) => check(wasi.fd_pread(fd, IOVS, 1, 0n, OUT)),
      bare: fd => void readSync(fd, inMemory(length), 0, length, 0),
    },
    {
      name: `fd_pwrite ${sizeName(length)}`,
      length,
      run: (wasi, fd) => check(wasi.fd_pwrite(fd, IOVS, 1, 0n, OUT)),
      bare: fd => void writeSync(fd, inMemory(length), 0, length, 0),
    },
  ]),
  { name: 'fd_write of a line', length: LINE.length, run: wasi => check(wasi.fd_write(1, IOVS, 1, OUT)) },
  {
    name: `fd_readdir of ${ENTRIES}`,
    run: wasi => check(wasi.fd_readdir(MANY, DATA, 65_536, 0n, OUT)),
    // The inode of an entry needs a call of its own.
    bare: () => {
      for (const name of readdirSync(join(folder, 'many'))) look(`${folder}/many/${name}`);
    },
  },
  {
    name: 'path_filestat_get',
    run: wasi => check(wasi.path_filestat_get(ROOT, 0, PATH, 4, STAT)),
    bare: () => look(path),
  },
  {
    name: 'path_open and fd_close',
    run: wasi => check(wasi.fd_close(open(wasi))),
    bare: () => closeSync(openSync(path, 'r+')),
  },
];

function prepareMemory(length: number): void {
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(new TextEncoder().encode('file'), PATH);
  bytes.set(new TextEncoder().encode(LINE), DATA);
  view().setUint32(IOVS, DATA, true);
  view().setUint32(IOVS + 4, length, true);
}

/** The implementations that serve the calls, on folders of the host or in memory. */
const implementations: Record<string, () => Promise<Imports | undefined>> = {
  'host folder': async () => ours(nodeFolder(folder), nodeFolder(join(folder, 'many'))),
  'node:wasi': nodeWasi,
  'in memory': async () => ours(new MemoryFs({ file: new Uint8Array(MIB) }), new MemoryFs(inMany)),
  browser_wasi_shim: async () => browserShim(),
};

function subjectsOf({ length = 0, run, bare }: Operation): Subject[] {
  const repeated = (call: () => void) => async () => {
    for (let count = 0; count < CALLS; count++) call();
  };
  const served = Object.entries(implementations).map(
    ([name, implement]): Subject => ({
      name,
      make: async () => {
        prepareMemory(length);
        const imports = await implement();
        if (!imports) return null;
        const fd = open(imports);
        return repeated(() => run(imports, fd));
      },
    }),
  );
  const alone = {
    name: 'node:fs alone',
    make: async () => {
      const fd = openSync(path, 'r+');
      return repeated(() => bare!(fd));
    },
  };
  return bare ? [...served, alone] : served;
}

await runWorkload(
  operations.map(operation => {
    return { name: `${CALLS} × ${operation.name}`, subjects: subjectsOf(operation) };
  }),
);
