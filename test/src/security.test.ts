import type { PlainType } from '../../abi/encode.ts';
import { ENV_FUNCTIONS } from '../../abi/index.ts';
import {
  type CallError,
  createPlugin,
  type Diagnostic,
  LIMITS,
  type Plugin,
  type PluginOptions,
} from '../../src/node.ts';
import { WASI_MODULE, wasiFunctions } from '../../wasi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule, type FunctionShape } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { caught, createHostile, ENV, KERNELS, keepLogs, push, USER } from './security-guest.ts';

interface Shape extends Required<FunctionShape> {
  name: string;
}
const shapesOf = (name: string, params: readonly PlainType[], results: readonly PlainType[]): Shape => ({
  name,
  params,
  results,
});
const kernelShapes = ENV_FUNCTIONS.map(({ name, params, results }) =>
  shapesOf(
    name,
    params.map(({ type }) => type),
    results.map(({ type }) => type),
  ),
);
const wasiShapes = wasiFunctions.map(({ name, params, results }) =>
  shapesOf(
    name,
    params.map(([, type]) => type),
    results,
  ),
);

/** A call of import `index` with one value for each parameter. */
const call = (index: number, { params, results }: Shape, values: readonly bigint[]) => [
  ...params.flatMap((type, at) => push(type, values[at]!)),
  `call ${index}`,
  ...results.map(() => 'drop'),
];

const stillWorks = async (plugin: Plugin) =>
  is((await plugin.call('fine', 'still here'))?.text(), 'still here');

/** Addresses and lengths at and beyond every limit of the number types. */
const EXTREMES = [
  0n,
  1n,
  63n,
  64n,
  65n,
  2n ** 20n - 1n,
  2n ** 20n + 64n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n + 1n,
  2n ** 63n - 8n,
  2n ** 63n,
  2n ** 64n - 8n,
  2n ** 64n - 1n,
];
/** The codes that a call with such arguments may end with, besides success. */
const REFUSALS = ['MEMORY_LIMIT', 'INVALID_HANDLE', 'INVALID_UTF8', 'HTTP_NOT_ENABLED', 'PLUGIN_ERROR'];

/** Exports `call0`, `call1` …, one for each pair of extremes, and `peek`, which outputs the first bytes it can address. */
function extremeModule(shape: Shape) {
  const pairs = EXTREMES.flatMap(first =>
    shape.params.length < 2 ? [[first]] : EXTREMES.map(second => [first, second]),
  );
  return {
    pairs: shape.params.length === 0 ? [[]] : pairs,
    bytes: buildModule({
      imports: [
        { module: ENV, ...shape },
        { module: ENV, name: 'input_offset', results: ['i64'] },
        { module: ENV, name: 'input_length', results: ['i64'] },
        { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
      ],
      functions: [
        ...(shape.params.length === 0 ? [[]] : pairs).map((values, index) => ({
          name: `call${index}`,
          body: call(0, shape, values),
        })),
        { name: 'fine', body: ['call 1', 'call 2', 'call 3'] },
      ],
    }),
  };
}

for (const kernel of KERNELS) {
  suite(`security: kernel (${kernel})`, test => {
    for (const shape of kernelShapes) {
      test.row(
        ['security.sandboxing', 'security.kernel-arguments'],
        `${shape.name} with any 64-bit numbers`,
        async () => {
          const { pairs, bytes } = extremeModule(shape);
          const plugin = await createPlugin(bytes, { kernel, memory: { maxPages: 32 } });
          for (const [index, values] of pairs.entries()) {
            const what = `${shape.name}(${values})`;
            try {
              const output = await plugin.call(`call${index}`, 'input');
              ok((output?.byteLength ?? 0) <= 2 ** 20, what);
            } catch (error) {
              ok(REFUSALS.includes((error as CallError).code), `${what}: ${error}`);
            }
          }
          await stillWorks(plugin);
        },
      );
    }

    test.row(
      ['security.sandboxing', 'security.kernel-records'],
      'a plugin that overwrites all kernel memory harms neither blocks nor the host',
      async () => {
        const plugin = await createHostile({ kernel });
        for (let time = 0; time < 3; time++) {
          equal([...(await plugin.call('scribble'))!.bytes()], new Array(8).fill(0xff));
          await stillWorks(plugin);
        }
      },
    );

    const recursions = ['', '_alloc', '_free', '_log', '_var', '_print', '_caught'];
    for (const name of recursions.map(end => `recurse${end}`)) {
      test.row('security.recursion', `${name}: the stack ends in the middle of a call`, async () => {
        const { logger } = keepLogs();
        const memory = { maxPages: 200 };
        const isCatching = name === 'recurse_caught';
        const plugin = await createHostile(
          { kernel, memory, logger, logLevel: 'info' },
          isCatching ? 'catching' : 'hostile',
        );
        // Firefox takes up to 15 seconds to the end of its stack.
        for (let time = 0; time < (host().thorough ? 3 : 1); time++) {
          const error = (await raises(() => plugin.call(name, 'input'), {})) as CallError;
          // INVALID_UTF8 comes from a stack that ends while a key is decoded.
          ok(['STACK_OVERFLOW', 'MEMORY_LIMIT', 'INVALID_UTF8'].includes(error.code), error.message);
          await stillWorks(plugin);
        }
        if (!isCatching) is((await plugin.call('scribble'))?.byteLength, 8);
      });
    }
  });

  suite(`security: a stop is final (${kernel})`, test => {
    /** Every function that a plugin may import, called after the host has ended the call. */
    const imports = [
      ...kernelShapes.map(shape => ({ module: ENV, shape })),
      ...wasiShapes.map(shape => ({ module: WASI_MODULE, shape })),
      { module: USER, shape: shapesOf('other', [], []) },
    ];
    for (const { module, shape } of imports) {
      const rows = ['security.stop-is-final', 'security.host-functions'];
      test.row(
        rows,
        `${module}.${shape.name} does nothing after the end, although exceptions are caught`,
        async () => {
          const cause = new Error('the host says no');
          const effects: string[] = [];
          const { texts, logger } = keepLogs();
          const stop: NonNullable<PluginOptions['functions']>[string][string] = context => {
            context.setVariable('', 'kept');
            throw cause;
          };
          const args = shape.params.map(() => 0n);
          const bytes = buildModule({
            imports: [
              { module: USER, name: 'stop' },
              { module, ...shape },
            ],
            functions: [
              { name: 'run', body: [...caught('call 0'), ...caught(...call(1, shape, args))] },
              { name: 'forever', body: [...caught('call 0'), ...call(1, shape, args)] },
            ],
            memoryPages: 1,
          });
          const plugin = await createPlugin(bytes, {
            kernel,
            logger,
            logLevel: 'trace',
            functions: { [USER]: { stop, other: () => void effects.push('other') } },
            stdout: line => effects.push(line),
            stderr: line => effects.push(line),
          });
          for (const name of ['run', 'forever']) {
            const error = (await raises(() => plugin.call(name, 'input'), {
              code: 'HOST_FUNCTION_FAILED',
              cause,
            })) as CallError;
            is(error.output, null);
          }
          equal([...effects, ...texts], []);
          equal([...plugin.vars.keys()], ['']);
          is(new TextDecoder().decode(plugin.vars.get('')), 'kept');
        },
      );
    }
  });
}

suite('security: taking all there is', test => {
  test.row(
    ['security.resource-limits', 'security.kernel-bomb'],
    'blocks end at memory.maxPages',
    async () => {
      const plugin = await createHostile({ memory: { maxPages: 20 } });
      for (let time = 0; time < 3; time++) {
        await raises(() => plugin.call('alloc_bomb'), { code: 'MEMORY_LIMIT', message: '1310720 bytes' });
        await stillWorks(plugin);
      }
    },
  );

  test.row(
    ['security.resource-limits', 'security.memory-bomb'],
    'memory ends at memory.max_pages',
    async () => {
      const plugin = await createHostile({ memory: { max_pages: 50 } });
      for (let time = 0; time < 3; time++) {
        await raises(() => plugin.call('memory_bomb'), { code: 'NONZERO_RESULT', message: 'code: 52' });
      }
      await stillWorks(plugin);
    },
  );

  test.row(
    ['security.resource-limits', 'security.var-bomb'],
    'variables end at memory.maxVarBytes',
    async () => {
      const maxVarBytes = 50_000;
      const plugin = await createHostile({ memory: { maxVarBytes } });
      await raises(() => plugin.call('var_bomb'), {
        code: 'VAR_LIMIT',
        message: `limit of ${maxVarBytes} bytes`,
      });
      // Four bytes of key and one of value each.
      is(plugin.vars.size, maxVarBytes / 5);
      await stillWorks(plugin);
      is(await plugin.reset({ vars: true }), true);
      is(plugin.vars.size, 0);
    },
  );

  test.row('security.log-bomb', '100 MiB of log messages are handed on one by one, and dropped', async () => {
    let [messages, longest] = [0, 0];
    const info = (text: string) => {
      messages++;
      longest = Math.max(longest, text.length);
    };
    const logger = { ...keepLogs().logger, info };
    const plugin = await createHostile({ logger, logLevel: 'info', memory: { maxPages: 17 } });
    await plugin.call('log_bomb');
    equal([messages, longest], [100, 2 ** 20]);
    const silent = await createHostile({ logger, logLevel: 'warn' });
    await silent.call('log_bomb');
    is(messages, 100, 'below the level they are not even decoded');
  });

  test.row(
    ['security.resource-limits', 'security.print-bomb'],
    '100 MiB on stdout and stderr without the end of a line',
    async () => {
      let longest = 0;
      const plugin = await createHostile({
        stdout: line => {
          longest = Math.max(longest, line.length);
        },
      });
      const error = (await raises(() => plugin.call('print_bomb'), { code: 'TRAP' })) as CallError;
      is(longest, LIMITS.stdioLineBytes.default);
      ok(error.stderr.join('').length <= LIMITS.stdioBytes.default);
      await stillWorks(plugin);
    },
  );

  test.row('security.diagnostics', 'endless mistakes are reported one by one, and dropped', async () => {
    const free: Shape = shapesOf('free', ['i64'], []);
    const told: Diagnostic[] = [];
    const body = Array.from({ length: 50 }, () => call(0, free, [9n])).flat();
    const plugin = await createPlugin(
      buildModule({ imports: [{ module: ENV, ...free }], functions: [{ name: 'run', body }] }),
      { onDiagnostic: diagnostic => told.push(diagnostic) },
    );
    await plugin.call('run');
    is(told.length, 50);
    const strict = await createPlugin(
      buildModule({ imports: [{ module: ENV, ...free }], functions: [{ name: 'run', body }] }),
      { strict: true },
    );
    await raises(() => strict.call('run'), { code: 'UNKNOWN_HANDLE_FREED' });
  });

  test.row('security.many-imports', 'ten thousand imports of ten thousand exports', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `f${index}`);
    const library = buildModule({ functions: names.map(name => ({ name, body: [] })) });
    const main = buildModule({
      imports: names.map(name => ({ module: 'library', name })),
      functions: [{ name: 'run', body: ['call 9999'] }],
    });
    const plugin = await createPlugin({ wasm: [{ data: library, name: 'library' }, { data: main }] });
    is(await plugin.call('run'), null);
  });
});

suite('security: names', test => {
  const NAMES = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'then',
    '__defineGetter__',
  ];

  for (const name of NAMES) {
    test.row('security.names', `a plugin that exports "${name}"`, async () => {
      const plugin = await createPlugin(
        buildModule({ functions: [{ name, results: ['i32'], body: ['i32.const 5'] }] }),
      );
      is(await plugin.functionExists(name), true);
      await raises(() => plugin.call(name), { code: 'NONZERO_RESULT', message: 'code: 5' });
      const other = NAMES.find(each => each !== name)!;
      is(await plugin.functionExists(other), false);
      await raises(() => plugin.call(other), { code: 'FUNCTION_NOT_FOUND', message: `not found: ${other}` });
    });

    test.row(
      ['security.names', 'security.host-functions'],
      `an import of "${name}" gets the function given under that name, never an inherited one`,
      async () => {
        const bytes = buildModule({
          imports: [{ module: name, name }],
          functions: [{ name: 'run', body: ['call 0'] }],
        });
        for (const functions of [{}, { [name]: {} }]) {
          await raises(() => createPlugin(bytes, { functions }), {
            code: 'UNRESOLVED_IMPORTS',
            message: name,
          });
        }
        let calls = 0;
        const own = (value: unknown) => Object.defineProperty({}, name, { value, enumerable: true });
        const functions = own(own(() => void calls++)) as NonNullable<PluginOptions['functions']>;
        const plugin = await createPlugin(bytes, { functions });
        await plugin.call('run');
        is(calls, 1);
      },
    );

    test.row('security.names', `modules that import from "${name}"`, async () => {
      const library = buildModule({ functions: [{ name, body: [] }] });
      const main = buildModule({
        imports: [{ module: name, name }],
        functions: [{ name: 'run', body: ['call 0'] }],
      });
      const plugin = await createPlugin({ wasm: [{ data: library, name }, { data: main }] });
      is(await plugin.call('run'), null);
    });

    test.row('security.names', `"${name}" as a variable and as a config key`, async () => {
      const plugin = await createHostile();
      is(await plugin.call('seek', name), null);
      await plugin.call('hide', name);
      equal([...plugin.vars.keys()], [name]);
      const config = JSON.parse(`{${JSON.stringify(name)}: "given"}`) as Record<string, string>;
      is((await (await createHostile({ config })).call('seek', name))?.text(), 'given');
      is(({} as { polluted?: string }).polluted, undefined);
    });
  }
});

suite('security: access', test => {
  const tries: [what: string, module: string, name: string][] = [
    ['the file system of a runtime', 'node:fs', 'readFileSync'],
    ['a function of the page', 'globalThis', 'fetch'],
    ['the network of the WASI before preview 1', 'wasi_unstable', 'sock_open'],
    ['components of WASI 0.2', 'wasi:sockets/tcp@0.2.0', 'connect'],
    ['a function of the user that was not given', USER, 'delete_everything'],
  ];
  for (const [what, module, name] of tries) {
    test.row(
      ['security.no-system-access', 'security.host-functions'],
      `${what} cannot be imported`,
      async () => {
        const bytes = buildModule({
          imports: [{ module, name }],
          functions: [{ name: 'run', body: ['call 0'] }],
        });
        await raises(() => createPlugin(bytes), { code: 'UNRESOLVED_IMPORTS', message: `${module}.${name}` });
      },
    );
  }

  for (const kind of ['memory', 'table', 'global'] as const) {
    test.row('security.host-functions', `the host gives no ${kind}`, async () => {
      const imports = [
        { module: USER, name: 'it', kind, pages: 1, size: 1, type: 'i32', mutable: true } as never,
      ];
      await raises(() => createPlugin(buildModule({ imports })), {
        code: 'UNRESOLVED_IMPORTS',
        message: kind,
      });
    });
  }

  test.row('security.no-system-access', 'only the three descriptors of stdio are open', async () => {
    const prestat = wasiShapes.find(({ name }) => name === 'fd_prestat_get')!;
    const bytes = buildModule({
      imports: [{ module: WASI_MODULE, ...prestat }],
      functions: Array.from({ length: 64 }, (_, fd) => ({
        name: `try${fd}`,
        results: ['i32'],
        body: [push('i32', BigInt(fd)), push('i32', 64n), 'call 0'],
      })),
      memoryPages: 1,
    });
    const plugin = await createPlugin(bytes);
    for (let fd = 3; fd < 64; fd++) {
      const error = (await raises(() => plugin.call(`try${fd}`), { code: 'NONZERO_RESULT' })) as CallError;
      is(error.exitCode, 8, 'EBADF');
    }
  });

  test.row(
    'security.no-system-access',
    'imports of HTTP and WASI link, and their calls are refused',
    async () => {
      const http = kernelShapes.find(({ name }) => name === 'http_request')!;
      const body = call(0, http, [0n, 0n]);
      const bytes = buildModule({ imports: [{ module: ENV, ...http }], functions: [{ name: 'run', body }] });
      await raises(async () => (await createPlugin(bytes)).call('run'), { code: 'HTTP_NOT_ENABLED' });
      await raises(() => createHostile({ useWasi: false }), {
        code: 'UNRESOLVED_IMPORTS',
        message: 'useWasi',
      });
    },
  );
});
