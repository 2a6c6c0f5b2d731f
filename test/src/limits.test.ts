import { customSection } from '../../abi/encode.ts';
import { createPlugin as createOn } from '../../src/create.ts';
import { createPlugin, LIMITS, type Platform, type PluginOptions } from '../../src/node.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';

const USER = 'extism:host/user';

const withHost = (
  host: (context: {
    setVariable(name: string, value: Uint8Array): void;
    alloc(length: number): bigint;
  }) => void,
  options: PluginOptions = {},
) =>
  createPlugin(
    buildModule({
      imports: [{ module: USER, name: 'host' }],
      functions: [{ name: 'run', body: ['call 0'] }],
    }),
    {
      ...options,
      functions: { [USER]: { host } },
    },
  );

/** `run` writes the bytes that the test put into its memory to stdout; `fail` also traps. */
async function printer(options: PluginOptions) {
  const write = ['i32.const 1', 'i32.const 0', 'i32.const 1', 'i32.const 8', 'call 0', 'drop'];
  const plugin = await createPlugin(
    buildModule({
      imports: [
        {
          module: 'wasi_snapshot_preview1',
          name: 'fd_write',
          params: ['i32', 'i32', 'i32', 'i32'],
          results: ['i32'],
        },
      ],
      functions: [
        { name: 'run', body: write },
        { name: 'fail', body: ['i32.const 2', ...write.slice(1), 'unreachable'] },
      ],
      memoryPages: 2,
    }),
    options,
  );
  const print = async (text: string, name = 'run') => {
    const { memory } = (await plugin.getInstance()).exports as { memory: WebAssembly.Memory };
    const bytes = new TextEncoder().encode(text);
    new Uint8Array(memory.buffer).set(bytes, 16);
    new DataView(memory.buffer).setUint32(0, 16, true);
    new DataView(memory.buffer).setUint32(4, bytes.length, true);
    return plugin.call(name);
  };
  return print;
}

suite('limits', test => {
  test.row(
    'limit.kernelPages',
    'blocks may fill memory.maxPages, or without it all memory that the engine gives',
    async () => {
      const lengths: number[] = [];
      const limited = await withHost(context => lengths.push(Number(context.alloc(3 * 65_536))), {
        memory: { maxPages: 3 },
      });
      await limited.call('run');
      const over = await withHost(context => context.alloc(3 * 65_536 + 1), { memory: { maxPages: 3 } });
      await raises(() => over.call('run'), {
        code: 'HOST_FUNCTION_FAILED',
        message: 'limit of 196608 bytes',
      });
      const unlimited = await withHost(context => context.alloc(40 << 20));
      is(await unlimited.call('run'), null);
      is(LIMITS.kernelPages.default * 65_536, 2 ** 32);
    },
  );

  test.row(
    ['limit.varBytes', 'error.VAR_LIMIT'],
    'variables fit up to the limit, keys included',
    async () => {
      let size = LIMITS.varBytes.default - 'key'.length;
      const plugin = await withHost(context => context.setVariable('key', new Uint8Array(size)));
      await plugin.call('run');
      size++;
      const error = await raises(() => plugin.call('run'), {
        code: 'HOST_FUNCTION_FAILED',
        message: '1048576 bytes',
      });
      is((error.cause as { code?: string }).code, 'VAR_LIMIT');
    },
  );

  test.row('limit.synchronousCompileBytes', 'a larger module is compiled in the background', async () => {
    let compiled = 0;
    const compile: Platform['compile'] = bytes => {
      compiled++;
      return WebAssembly.compile(bytes);
    };
    const small = buildModule({ functions: [{ name: 'run', body: [] }] });
    const padding = LIMITS.synchronousCompileBytes.default;
    const large = Uint8Array.from([...small, ...customSection('x', [...new Uint8Array(padding)])]);
    for (const [bytes, expected] of [
      [small, 0],
      [large, 1],
    ] as const) {
      const plugin = await createOn({ ...webPlatform, compile }, bytes);
      is(await plugin.call('run'), null);
      is(compiled, expected);
    }
  });

  test.row('limit.stdioLineBytes', 'a longer line comes in pieces', async () => {
    const lines: string[] = [];
    const print = await printer({ stdout: line => lines.push(line) });
    await print(`${'x'.repeat(LIMITS.stdioLineBytes.default)}yz\nend`);
    equal(
      lines.map(line => line.length),
      [LIMITS.stdioLineBytes.default, 2, 3],
    );
  });

  test.row(
    ['limit.stdioLines', 'limit.stdioBytes'],
    'the last lines of stderr come with a trap',
    async () => {
      const print = await printer({});
      const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
      const error = await raises(() => print(lines.join('\n'), 'fail'), { code: 'TRAP' });
      equal((error as { stderr?: string[] }).stderr, lines.slice(-LIMITS.stdioLines.default));

      const long = Array.from({ length: 10 }, () => 'x'.repeat(5000));
      const flooded = await raises(() => print(long.join('\n'), 'fail'), { code: 'TRAP' });
      is((flooded as { stderr?: string[] }).stderr?.length, Math.floor(LIMITS.stdioBytes.default / 5000));
    },
  );
});
