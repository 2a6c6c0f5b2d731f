import { type CallError, createPlugin, type ManifestOptions, type PluginOptions } from '../../src/node.ts';
import { buildModule } from '../helpers/build-module.ts';

const WASI = 'wasi_snapshot_preview1';
const PATH = 64;
const FD = 16;
const IOV = 24;
const BUFFER = 128;
/** Loads a number from the memory, where the test can change it. */
const load = (address: number) => [`i32.const ${address}`, 'i32.load 0'];

/** Opens, reads and writes one file, as bytes of the given path in its first preopened folder. */
const WASM = buildModule({
  imports: [
    {
      module: WASI,
      name: 'path_open',
      params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i32', 'i32'],
      results: ['i32'],
    },
    { module: WASI, name: 'fd_read', params: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] },
    { module: WASI, name: 'fd_write', params: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] },
  ],
  memoryPages: 1,
  functions: [
    {
      name: 'open',
      results: ['i32'],
      body: [
        ...['i32.const 3', 'i32.const 0', 'i32.const 64', ...load(0), ...load(4)],
        // Rights: fd_read (2) with fd_write (64) where word 8 is not 0, which makes the file if it has to.
        ...[...load(8), 'i64.extend_i32_u', 'i64.const 0', 'i32.const 0', `i32.const ${FD}`, 'call 0'],
      ],
    },
    {
      name: 'read',
      results: ['i32'],
      body: [...load(FD), `i32.const ${IOV}`, 'i32.const 1', 'i32.const 32', 'call 1'],
    },
    {
      name: 'write',
      results: ['i32'],
      body: [...load(FD), `i32.const ${IOV}`, 'i32.const 1', 'i32.const 32', 'call 2'],
    },
    { name: 'trap', body: ['unreachable'] },
  ],
});

const OFLAGS_CREAT = 1;
const RIGHTS = { read: 2, write: 64 };

/** A plugin that opens, reads and writes files step by step. Each step returns WASI's errno. */
export async function fileOpener(options: PluginOptions & ManifestOptions) {
  const plugin = await createPlugin(WASM, options);
  const view = async () =>
    new DataView(((await plugin.getInstance()).exports.memory as WebAssembly.Memory).buffer);
  const errnoOf = (name: string) =>
    plugin.call(name).then(
      () => 0,
      (error: CallError) => error.exitCode ?? -1,
    );
  const place = async (address: number, bytes: Uint8Array) =>
    new Uint8Array((await view()).buffer).set(bytes, address);
  return {
    plugin,
    async open(path: string, { write = false } = {}): Promise<number> {
      const bytes = new TextEncoder().encode(path);
      await place(PATH, bytes);
      const words = await view();
      words.setUint32(0, bytes.length, true);
      words.setUint32(4, write ? OFLAGS_CREAT : 0, true);
      words.setUint32(8, write ? RIGHTS.read | RIGHTS.write : RIGHTS.read, true);
      return errnoOf('open');
    },
    async read(): Promise<string> {
      const words = await view();
      words.setUint32(IOV, BUFFER, true);
      words.setUint32(IOV + 4, 1000, true);
      const errno = await errnoOf('read');
      const length = words.getUint32(32, true);
      return errno
        ? `errno ${errno}`
        : new TextDecoder().decode(new Uint8Array(words.buffer, BUFFER, length));
    },
    async write(text: string): Promise<number> {
      const bytes = new TextEncoder().encode(text);
      await place(BUFFER, bytes);
      const words = await view();
      words.setUint32(IOV, BUFFER, true);
      words.setUint32(IOV + 4, bytes.length, true);
      return errnoOf('write');
    },
  };
}
