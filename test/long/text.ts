import { MAX_JSON_VALUES, MAX_TEXT_BYTES } from '../../abi/index.ts';
import { Message, ScriptActor } from '../../src/actor/index.ts';
import { readJson } from '../../src/actor/json/reader.ts';
import { writeJson } from '../../src/actor/json/writer.ts';
import { decode as unpack } from '../../src/msgpack/index.ts';
import { type CallContext, type CallError, createPlugin, PluginOutput } from '../../src/node.ts';
import { fromBase64, toBase64 } from '../../src/values/base64.ts';
import { decodeStrict, stringify } from '../../src/values/text.ts';
import { createWasi, MemoryFs } from '../../wasi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { createTextPlugin, lackingMode, TEXT_MODES, type TextMode, usesIn } from '../helpers/text-plugin.ts';
import { TOO_LONG, untouched } from '../helpers/untouched.ts';
import { type LongCase, Skip } from './case.ts';

/** Leaves room below 4 GiB for the memory before the block. */
const LARGEST = 4 * 2 ** 30 - 65_536;

const filled = (size: number, byte: number) => new Uint8Array(size).fill(byte);
const X = 0x78;
const EURO = [0xe2, 0x82, 0xac];

/** Texts that fit: their bytes and their number of characters. */
const FITTING: readonly [name: string, bytes: () => Uint8Array, characters: number][] = [
  ['2^29 − 24 bytes of ASCII', () => filled(MAX_TEXT_BYTES, X), MAX_TEXT_BYTES],
  [
    '2^29 − 26 bytes of three-byte characters',
    () => {
      const bytes = new Uint8Array(MAX_TEXT_BYTES - 2);
      bytes.set(EURO);
      for (let at = EURO.length; at < bytes.length; at *= 2) bytes.copyWithin(at, 0, at);
      return bytes;
    },
    (MAX_TEXT_BYTES - 2) / 3,
  ],
];

let twoGibKept: Uint8Array | undefined;
const twoGib = () => {
  twoGibKept ??= filled(2 ** 31, X);
  return twoGibKept;
};

/** Texts that do not fit. A block that was not filled is all NUL. */
const TOO_LONG_TEXTS: readonly [name: string, size: number, block?: (context: CallContext) => bigint][] = [
  ['2^29 − 23 bytes', TOO_LONG],
  ['2^31 − 1 NULs', 2 ** 31 - 1],
  ['2^31 bytes of ASCII', 2 ** 31, context => context.store(twoGib())],
  ['2^31 NULs', 2 ** 31],
  ['4 GiB − 64 KiB of NULs', LARGEST],
];

const modeCases = (name: string, run: (mode: TextMode) => Promise<void>): LongCase[] =>
  TEXT_MODES.map(mode => ({
    name: `${name}, ${mode}`,
    run() {
      const lacking = lackingMode(mode);
      if (lacking) throw new Skip(lacking);
      return run(mode);
    },
  }));

/** The code that each use of a fitting text ends with, or null for success. */
const CODES: Readonly<Record<string, string | null>> = {
  error_set: 'PLUGIN_ERROR',
  // The text is not a request.
  http_request: 'INVALID_HTTP_REQUEST',
};

const fitting = FITTING.flatMap(([name, bytes, characters]) =>
  modeCases(`${name} are a text`, async mode => {
    const text = bytes();
    const { plugin, logged } = await createTextPlugin(mode, text.length, context => context.store(text));
    for (const use of usesIn(mode)) {
      console.log(use);
      const code = CODES[use] ?? null;
      const error = await plugin.call(use).then(
        () => null,
        (thrown: CallError) => thrown,
      );
      is(error?.code ?? null, code);
      if (use === 'error_set') is(error?.message.length, characters);
      // A text this long leaves no room for anything around it.
      ok(String(error?.stack).length < 100_000);
    }
    equal(logged, [characters]);
    const output = (await plugin.call('output'))!;
    is(output.text().length, characters);
    is(output.string().length, characters);
    await plugin.close();
  }),
);

const tooLong = TOO_LONG_TEXTS.flatMap(([name, size, block]) =>
  modeCases(`${name} are refused`, async mode => {
    const { plugin, logged } = await createTextPlugin(mode, size, block);
    for (const use of usesIn(mode)) {
      console.log(use);
      await raises(() => plugin.call(use), { code: 'TEXT_TOO_LONG', message: `${use}: ${use}: ` });
    }
    equal(logged, []);
    is(await plugin.call('fine'), null);
    if (size <= 2 ** 31) {
      const output = (await plugin.call('output'))!;
      for (const read of ['text', 'string', 'json'] as const) {
        console.log(read);
        await raises(() => output[read](), { code: 'TEXT_TOO_LONG' });
      }
      is(output.bytes().length, size);
    }
    await plugin.close();
  }),
);

/** A JSON text of exactly the longest length, and the length of its value. */
const longestJson = () => {
  const bytes = filled(MAX_TEXT_BYTES, X);
  bytes[0] = bytes[bytes.length - 1] = 0x22;
  return bytes;
};

/** `[1,1,…]` */
const ones = (count: number) => {
  const bytes = filled(count * 2 + 1, 0x2c);
  for (let at = 1; at < bytes.length; at += 2) bytes[at] = 0x31;
  bytes[0] = 0x5b;
  bytes[bytes.length - 1] = 0x5d;
  return bytes;
};

const json: LongCase[] = [
  {
    name: 'JSON of 2^29 − 24 bytes is read',
    run() {
      const output = new PluginOutput(longestJson().buffer as ArrayBuffer);
      is(output.json<string>().length, MAX_TEXT_BYTES - 2);
    },
  },
  {
    // Node 20 ends the process for an array of 2^27 items.
    name: 'JSON of 140 million numbers is refused',
    async run() {
      const bytes = ones(140_000_000);
      await raises(() => new PluginOutput(bytes.buffer).json(), { code: 'TOO_MANY_VALUES' });
      await raises(() => readJson(bytes), { code: 'TOO_MANY_VALUES' });
    },
  },
  {
    name: 'JSON of as many values as are allowed is read',
    run() {
      const bytes = ones(MAX_JSON_VALUES - 1);
      is(new PluginOutput(bytes.buffer).json<number[]>().length, MAX_JSON_VALUES - 1);
      is((readJson(bytes) as number[]).length, MAX_JSON_VALUES - 1);
    },
  },
  {
    name: 'MessagePack of 140 million numbers is refused',
    async run() {
      const bytes = untouched(140_000_005);
      bytes[0] = 0xdd;
      new DataView(bytes.buffer).setUint32(1, bytes.length - 5);
      await raises(() => unpack(bytes), { code: 'TOO_MANY_VALUES' });
    },
  },
  {
    name: 'bytes whose JSON is too long are refused',
    async run() {
      await raises(() => writeJson({ data: filled(200_000_000, 200) }), { code: 'TEXT_TOO_LONG' });
      const half = 'x'.repeat(2 ** 28);
      await raises(() => writeJson([half, half]), { code: 'TEXT_TOO_LONG' });
    },
  },
];

const writtenAgain: LongCase = {
  name: 'a text of 2^28 characters, alone and in an object, is written as JSON again and again',
  run() {
    const text = decodeStrict(filled(2 ** 28, 0x61), 'the text');
    for (let round = 0; round < 3; round++) {
      is(stringify(text)?.length, text.length + 2);
      is(stringify({ text })?.length, text.length + '{"text":""}'.length);
      is(writeJson({ text }).length, text.length + '{"text":""}'.length);
    }
  },
};

const base64: LongCase = {
  name: 'base64 of 2^29 − 24 characters is read and written',
  run() {
    const bytes = fromBase64('A'.repeat(MAX_TEXT_BYTES));
    is(bytes.length, (MAX_TEXT_BYTES / 4) * 3);
    is(toBase64(bytes).length, MAX_TEXT_BYTES);
  },
};

const padded = modeCases('a request of 2^29 − 24 bytes is sent', async mode => {
  if (mode === 'inline') throw new Skip('no request is sent inline');
  const text = filled(MAX_TEXT_BYTES, 0x20);
  text.set(new TextEncoder().encode('{"url":"https://a.test/"}'));
  const { plugin } = await createTextPlugin(mode, text.length, context => context.store(text));
  is(await plugin.call('http_request'), null);
  await plugin.close();
});

const inputs = modeCases('inputs of 2^29 − 24 characters are taken', async mode => {
  const { plugin } = await createTextPlugin(mode, 1);
  for (const character of ['x', '€']) {
    is(await plugin.call('fine', character.repeat(MAX_TEXT_BYTES)), null);
  }
  let longer: string;
  try {
    longer = 'x'.repeat(TOO_LONG);
  } catch {
    return;
  }
  await raises(() => plugin.call('fine', longer), { code: 'TEXT_TOO_LONG' });
  is(await plugin.call('fine'), null);
});

const ENV = 'extism:host/env';
/** Calls `block` and sets the returned block as the error text. */
const SETS_ERROR = ['call 0', 'call 1'];
const ERROR_IMPORTS = [
  { module: 'extism:host/user', name: 'block', results: ['i64'] },
  { module: ENV, name: 'error_set', params: ['i64'] },
] as const;
const longError = (context: CallContext) => context.store(filled(MAX_TEXT_BYTES, X));

const messages: LongCase[] = [
  {
    name: 'the longest error text of a start function is a diagnostic, and with strict an error',
    async run() {
      const wasm = buildModule({
        imports: ERROR_IMPORTS,
        functions: [{ name: '_initialize', body: SETS_ERROR }],
      });
      const functions = { 'extism:host/user': { block: longError } };
      const codes: string[] = [];
      const onDiagnostic = ({ code, message }: { code: string; message: string }) => {
        codes.push(code);
        ok(message.length < 100_000);
      };
      await (await createPlugin(wasm, { functions, onDiagnostic })).close();
      equal(codes, ['INIT_ERROR']);
      await raises(() => createPlugin(wasm, { functions, strict: true }), { code: 'INIT_FAILED' });
    },
  },
  {
    name: 'the longest error text of an actor goes out as an error',
    async run() {
      const source = buildModule({
        imports: ERROR_IMPORTS,
        functions: [{ name: 'process', body: SETS_ERROR }],
      });
      const options = { functions: { 'extism:host/user': { block: longError } }, stderr: () => {} };
      const actor = await ScriptActor.create({ source }, options);
      const error = await raises(() => actor.process({ a: Message.flow() }), { code: 'PLUGIN_ERROR' });
      ok(String(error.stack).length < 100_000);
      await actor.stop();
    },
  },
];

const FD_WRITE = {
  module: 'wasi_snapshot_preview1',
  name: 'fd_write',
  params: ['i32', 'i32', 'i32', 'i32'],
  results: ['i32'],
} as const;
const PAGES = 2 ** 15 + 1;

const wasi: LongCase[] = [
  ...modeCases('a line of 2^31 bytes comes in pieces', async mode => {
    const write = [
      ...['i32.const 0', 'i32.const 32', 'i32.store', 'i32.const 4', `i32.const ${-(2 ** 31)}`, 'i32.store'],
      ...['i32.const 1', 'i32.const 0', 'i32.const 1', 'i32.const 16', 'call 0'],
    ];
    const lines: number[] = [];
    const wasm = buildModule({
      imports: [FD_WRITE],
      memoryPages: PAGES,
      functions: [{ name: 'run', results: ['i32'], body: write }],
    });
    const plugin = await createPlugin(wasm, {
      runInWorker: mode === 'worker',
      stdout: (line: string) => void lines.push(line.length),
    });
    for (let round = 0; round < 3; round++) is(await plugin.call('run'), null);
    is(Math.max(...lines), 8192);
    await plugin.close();
  }),
  {
    name: 'a path of 2^31 bytes is too long, and one beyond the memory outside of it',
    run() {
      const { imports, bind } = createWasi({ preopens: { '/': { fs: new MemoryFs() } } });
      const memory = new WebAssembly.Memory({ initial: PAGES });
      bind(memory);
      const functions = imports as unknown as Record<string, (...args: unknown[]) => number>;
      for (const [length, errno] of [
        [2 ** 31, 37],
        [2 ** 32 - 1, 21],
      ] as const) {
        const path = [0, length | 0];
        const calls: Record<string, readonly unknown[]> = {
          path_create_directory: [3, ...path],
          path_filestat_get: [3, 0, ...path, 0],
          path_filestat_set_times: [3, 0, ...path, 0n, 0n, 0],
          path_link: [3, 0, ...path, 3, ...path],
          path_open: [3, 0, ...path, 0, 0n, 0n, 0, 0],
          path_readlink: [3, ...path, 0, 0, 0],
          path_remove_directory: [3, ...path],
          path_rename: [3, ...path, 3, ...path],
          path_symlink: [...path, 3, ...path],
          path_unlink_file: [3, ...path],
        };
        for (const [name, args] of Object.entries(calls)) is(functions[name]!(...args), errno, name);
      }
    },
  },
];

export const TEXT_CASES: readonly LongCase[] = [
  ...fitting,
  ...tooLong,
  ...json,
  writtenAgain,
  base64,
  ...padded,
  ...inputs,
  ...messages,
  ...wasi,
];
