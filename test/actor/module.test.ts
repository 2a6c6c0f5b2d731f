import { outlineOf } from '../../src/actor/engine/outline.ts';
import {
  type ActorOptions,
  Message,
  type ModuleError,
  type ProcessError,
  ScriptActor,
} from '../../src/actor/index.ts';
import { ACTOR_LIMITS } from '../../src/actor/limits.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule, type ModuleShape } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { answering, METADATA, RESULT } from './answering.ts';

const keeper = () => host().readBytes('fixtures/rust-keeper/rust_keeper.wasm');
const create = (source: Uint8Array, options: ActorOptions = {}) =>
  ScriptActor.create({ source }, { stderr: () => {}, ...options });

suite('modules', test => {
  const trapping: ModuleShape = { functions: [{ name: 'process', body: ['unreachable'] }], start: 0 };
  const parameters = { params: ['i32'], body: [] } as const;

  const refused: [name: string, wasm: Uint8Array, kind: string, code: string, message: string | RegExp][] = [
    ['no wasm', Uint8Array.of(1, 2, 3), 'InvalidBinary', 'INVALID_WASM', 'expected wasm, which starts with'],
    [
      'half a module',
      keeper().subarray(0, 900),
      'InvalidBinary',
      'INVALID_WASM',
      '900 bytes are not a valid module',
    ],
    [
      'no entry point',
      buildModule({}),
      'MissingExport',
      'FUNCTION_NOT_FOUND',
      'process (exported functions: none)',
    ],
    [
      'an entry point with parameters',
      buildModule({ functions: [{ name: 'process', ...parameters }] }),
      'MissingExport',
      'BAD_SIGNATURE',
      'process: expected an export of wasm type () -> () or () -> (i32), got (i32) -> ()',
    ],
    [
      'an import that is not provided',
      buildModule({
        imports: [{ module: 'env', name: 'abort' }],
        functions: [{ name: 'process', body: [] }],
      }),
      'InitFailed',
      'UNRESOLVED_IMPORTS',
      'env.abort',
    ],
    ['a start that traps', buildModule(trapping), 'InitFailed', 'INIT_FAILED', /trapped/],
    [
      'metadata that is not JSON',
      answering({ process: RESULT, get_metadata: '{' }),
      'InvalidMetadata',
      'INVALID_METADATA',
      'plugin metadata is not valid JSON',
    ],
    [
      'metadata without a component',
      answering({ process: RESULT, get_metadata: '{"component":""}' }),
      'InvalidMetadata',
      'INVALID_METADATA',
      'plugin metadata.component: expected a name, got ""',
    ],
    [
      'a get_metadata that traps',
      buildModule({
        functions: [
          { name: 'process', body: [] },
          { name: 'get_metadata', body: ['unreachable'] },
        ],
      }),
      'InvalidMetadata',
      'INVALID_METADATA',
      'trapped',
    ],
    [
      'a version that is not a string',
      answering({ process: RESULT, get_metadata: METADATA, get_version: '1' }),
      'InvalidMetadata',
      'INVALID_METADATA',
      'get_version: expected a JSON string, got 1',
    ],
  ];
  for (const [name, wasm, kind, code, message] of refused) {
    test.row(['upstream.6', `module.${kind}`], `${name} is refused before the first message`, async () => {
      const error = (await raises(() => create(wasm), { code, message })) as ModuleError;
      is(error.kind, kind);
      ok(error.remedy.length > 20);
    });
  }

  test.row(
    ['module.TooLarge', 'error.MODULE_TOO_LARGE', 'limit.moduleBytes'],
    'a module with too many bytes is refused before it is compiled',
    async () => {
      const error = await raises(() => create(Uint8Array.of(1, 2, 3), { limits: { moduleBytes: 2 } }), {
        code: 'MODULE_TOO_LARGE',
        message: 'the module has 3 bytes, over the limit of 2',
      });
      is((error as ModuleError).kind, 'TooLarge');
      const actor = await create(keeper(), { limits: { moduleBytes: keeper().length } });
      await actor.stop();
    },
  );

  test('wrong options throw other errors than ModuleError', async () => {
    for (const [options, code, message] of [
      [
        { limits: { bytes: 1 } },
        'INVALID_CONFIG',
        'limits.bytes: unknown key. Accepted: moduleBytes, inputBytes',
      ],
      [
        { limits: { packets: -1 } },
        'INVALID_CONFIG',
        'limits.packets: expected a whole number of packets, 0 or more',
      ],
      [{ colour: 1 }, 'INVALID_OPTION', 'option.colour: unknown key'],
      [{ timeoutMs: '1' }, 'INVALID_OPTION', 'option.timeoutMs: expected a whole number'],
    ] as const) {
      const error = await raises(() => create(keeper(), options as ActorOptions), { code, message });
      ok(!('kind' in error));
    }
  });

  test.row(
    'error.NO_METADATA',
    'a module without metadata is a diagnostic, and an error with strict',
    async () => {
      const wasm = answering({ process: RESULT });
      const codes: string[] = [];
      const actor = await create(wasm, { onDiagnostic: ({ code }) => codes.push(code) });
      equal(codes, ['NO_METADATA']);
      await actor.stop();
      await raises(() => create(wasm, { strict: true }), { code: 'NO_METADATA' });
    },
  );

  test('validate_config decides about the config, if the plugin exports it', async () => {
    const wasm = (answer: string) =>
      answering({ process: RESULT, get_metadata: METADATA, validate_config: answer });
    await (await create(wasm('true'))).stop();
    await raises(() => create(wasm('false')), {
      code: 'INVALID_CONFIG',
      message: "config: the plugin's validate_config refuses it, with false",
    });
    await raises(() => create(wasm('"no"')), { code: 'INVALID_CONFIG', message: 'with "no"' });
    const error = await raises(() => create(wasm('')), { code: 'INIT_FAILED', message: 'validate_config' });
    is((error as ModuleError).kind, 'InitFailed');
  });

  test.row(
    'upstream.18',
    'a Go command with //go:wasmexport is refused before the first message',
    async () => {
      const line = 'panic: wasmexport function called before runtime initialization\n';
      const store = (at: number, byte: number) => [
        ...[`i32.const ${at}`, `i32.const ${byte}`],
        ...['i32.store8 0'],
      ];
      const text = 64;
      const body = [
        ...[...new TextEncoder().encode(line)].flatMap((byte, at) => store(text + at, byte)),
        // An iovec at 0, and the number of bytes written at 8.
        ...[...store(0, text), ...store(4, line.length)],
        ...[2, 0, 1, 8].flatMap(value => [`i32.const ${value}`]),
        ...['call 0', 'drop', 'unreachable'],
      ];
      const fdWrite = { params: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] } as const;
      const wasm = buildModule({
        imports: [{ module: 'wasi_snapshot_preview1', name: 'fd_write', ...fdWrite }],
        memoryPages: 1,
        functions: [
          { name: 'process', body },
          { name: 'get_metadata', body },
        ],
      });
      const error = await raises(() => create(wasm), {
        code: 'INIT_FAILED',
        message: /trapped.*build it with -buildmode=c-shared/,
      });
      is((error as ModuleError).kind, 'InitFailed');
    },
  );

  test('version returns the output of get_version, or null', async () => {
    const actor = await create(
      answering({ process: RESULT, get_metadata: METADATA, get_version: '"1.2.3"' }),
    );
    is(actor.version, '1.2.3');
    await actor.stop();
    const other = await create(keeper());
    is(other.version, null);
    await other.stop();
  });
});

suite('memory_limit_mb', test => {
  const initialPages = outlineOf(keeper()).initialPages ?? 0;
  const least = Math.ceil((2 * initialPages) / 16);

  test.row(
    'upstream.5',
    'a plugin that needs more memory fails the call, and the actor goes on',
    async () => {
      const actor = await create(keeper(), { memoryLimitMb: least + 1 });
      equal(await actor.process({ in: Message.flow() }), [{ in: Message.flow() }]);
      const text = 'x'.repeat((least + 1) * 1024 * 1024);
      await raises(() => actor.process({ in: Message.string(text) }), { code: 'MEMORY_LIMIT' });
      equal(await actor.process({ in: Message.flow() }), [{ in: Message.flow() }]);
      await actor.stop();
    },
  );

  const refused: [limit: unknown, code: string, message: string][] = [
    [0, 'INVALID_CONFIG', 'memory_limit_mb: expected a whole number of MiB, 1 or more, got 0'],
    [1.5, 'INVALID_CONFIG', 'got a number that is not whole'],
    ['64', 'INVALID_CONFIG', 'got a string'],
    [101, 'INVALID_CONFIG', 'memory_limit_mb: expected at most 100 MiB, got 101'],
  ];
  for (const [limit, code, message] of refused) {
    test(`${JSON.stringify(limit)} is refused`, async () => {
      await raises(() => create(keeper(), { memoryLimitMb: limit as number }), { code, message });
    });
  }

  test('a module that starts with more memory is refused, also if the limit could not be enforced', async () => {
    const pages = (memoryPages: number) =>
      buildModule({ memoryPages, functions: [{ name: 'process', body: [] }] });
    const error = await raises(() => create(pages(17), { memoryLimitMb: 1 }), {
      code: 'MEMORY_LIMIT',
      message: 'the module starts with 17 pages of memory, over the limit of 16 (memory_limit_mb: 1)',
    });
    is((error as ModuleError).kind, 'InitFailed');
    await raises(() => create(pages(9), { memoryLimitMb: 1 }), {
      code: 'UNSUPPORTED',
      message: 'memory_limit_mb: 1 MiB cannot be held: the module starts with 9 pages',
    });
    await raises(() => create(pages(1), { memoryLimitMb: 1, memory: { max_pages: 3 } }), {
      code: 'INVALID_CONFIG',
      message: 'both memory_limit_mb and memory.max_pages are given',
    });
    const module = await WebAssembly.compile(pages(1) as Uint8Array<ArrayBuffer>);
    await raises(() => ScriptActor.create({ source: module }, { memoryLimitMb: 1 }), {
      code: 'UNSUPPORTED',
      message: "a compiled module's memory cannot be limited",
    });
  });
});

suite('limits of one call', test => {
  test.row(['upstream.5', 'error.INPUT_LIMIT', 'limit.inputBytes'], 'the input is limited', async () => {
    const actor = await create(keeper(), { limits: { inputBytes: 300 }, state: { a: 'x'.repeat(100) } });
    const payload = (length: number) => ({ in: Message.string('x'.repeat(length)) });
    equal(await actor.process(payload(5)), [payload(5)]);
    await raises(() => actor.process(payload(100)), {
      code: 'INPUT_LIMIT',
      message: /^payload, config and state: 3\d\d bytes, over the limit of 300 \(limits.inputBytes\)$/,
    });
    await raises(() => actor.inports.send(payload(400)), { code: 'INPUT_LIMIT', message: 'payload: 4' });
    await actor.stop();
  });

  test.row(
    'upstream.5',
    'arguments of host functions, the result and the number of packets are limited',
    async () => {
      const actor = await create(keeper(), { limits: { outputBytes: 200, packets: 2 } });
      const long = 'x'.repeat(200);
      await raises(() => actor.process({ in: Message.string(long) }), {
        code: 'OUTPUT_LIMIT',
        message: 'the result: ',
      });
      const set = actor.process({ 'do:set': Message.object({ a: long }) });
      const error = (await raises(() => set, {
        code: 'HOST_FUNCTION_FAILED',
        message: 'limits.outputBytes',
      })) as ProcessError;
      is((error.cause as { cause?: { code?: string } }).cause?.code, 'OUTPUT_LIMIT');
      const flood = actor.process({ 'do:send': Message.array([{}, {}, {}]) });
      const { packets } = (await raises(() => flood, { message: 'limits.packets' })) as ProcessError;
      equal(packets, [{}, {}]);
      equal(await actor.process({ in: Message.flow() }), [{ in: Message.flow() }]);
      await actor.stop();
    },
  );
});

suite('limits of questions while an actor is made', test => {
  const BYTES = ACTOR_LIMITS.answerBytes.default + 1;
  const ENV = 'extism:host/env';
  const answer = [
    ...[`i64.const ${BYTES}`, 'call 0', 'drop'],
    ...['i64.const 64', `i64.const ${BYTES}`, 'call 1'],
  ];

  for (const [name, code] of [
    ['get_metadata', 'INVALID_METADATA'],
    ['get_version', 'INIT_FAILED'],
  ] as const) {
    test.row('limit.answerBytes', `an output of ${name} over the limit is not read`, async () => {
      const wasm = buildModule({
        imports: [
          { module: ENV, name: 'alloc', params: ['i64'], results: ['i64'] },
          { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
        ],
        functions: [
          { name: 'process', body: [] },
          { name, body: answer },
        ],
      });
      await raises(() => create(wasm), { code, message: `the answer of ${name}: 67,108,865 bytes` });
    });
  }
});
