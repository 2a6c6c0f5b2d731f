import { CreateError, compilePlugin, type HostFunctions, type Plugin } from '../../src/node.ts';
import { PluginPool } from '../../src/pool/index.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { readCaseFile, readIndex } from '../helpers/cases.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

/** Text that no fixture contains. */
const CANARY = 'c4n4ry-7f1e-of-the-call-before';
const canary = new TextEncoder().encode(CANARY);
const includes = (bytes: Uint8Array): boolean => {
  for (let at = bytes.indexOf(canary[0]!); at >= 0; at = bytes.indexOf(canary[0]!, at + 1)) {
    if (canary.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
};

/** Runs `work` with a list of all memories that JavaScript makes meanwhile: those of kernels. */
async function withMemories<T>(work: (made: readonly WebAssembly.Memory[]) => Promise<T>): Promise<T> {
  const own = WebAssembly.Memory;
  const made: WebAssembly.Memory[] = [];
  WebAssembly.Memory = new Proxy(own, {
    construct(target, [descriptor]: [WebAssembly.MemoryDescriptor]) {
      const memory = new target(descriptor);
      made.push(memory);
      return memory;
    },
  });
  try {
    return await work(made);
  } finally {
    WebAssembly.Memory = own;
  }
}

const bytesOf = ({ buffer }: WebAssembly.Memory) => new Uint8Array(buffer);

/** Names the places of a plugin at which the canary stands. */
async function placesOf(plugin: Plugin, kernel: readonly WebAssembly.Memory[]): Promise<string[]> {
  const { exports } = await plugin.getInstance();
  const memories = Object.values(exports).filter(item => item instanceof WebAssembly.Memory);
  return [
    ...(memories.some(memory => includes(bytesOf(memory))) ? ['plugin memory'] : []),
    ...(kernel.some(memory => includes(bytesOf(memory))) ? ['kernel memory'] : []),
    ...([...plugin.vars.values()].some(includes) ? ['variables'] : []),
  ];
}

/** Functions in place of all that a fixture imports from its host. */
function stubsFor(bytes: Uint8Array<ArrayBuffer>): HostFunctions {
  const functions: Record<string, Record<string, () => undefined>> = {};
  for (const { module, name, kind } of WebAssembly.Module.imports(new WebAssembly.Module(bytes))) {
    const isOwn = module === 'extism:host/env' || module === 'wasi_snapshot_preview1';
    if (kind !== 'function' || isOwn) continue;
    functions[module] ??= {};
    functions[module][name] = () => undefined;
  }
  return functions;
}

/** Fixtures that are made with another module, or by another program, only. */
const NOT_ALONE = ['UNRESOLVED_IMPORTS', 'INIT_FAILED'];

suite('pool: a new plugin for each use', test => {
  const seen = new Set<string>();
  for (const folder of readIndex()) {
    const { wasm, cases } = readCaseFile(folder);
    const names = [...new Set(cases.flatMap(({ calls = [] }) => calls.map(call => call.function)))];
    test(`${folder}: nothing of the call before can be found`, async () => {
      const bytes = host().readBytes(`fixtures/${folder}/${wasm}`).slice();
      const options = { functions: stubsFor(bytes), vars: {}, limits: { fuel: 100_000_000 } } as const;
      const pool = new PluginPool(await compilePlugin(bytes, options), { max: 1 });
      /** Uses a new plugin, and returns the places at which the canary stands then. */
      const placesAfter = (work: (plugin: Plugin) => Promise<void>) =>
        withMemories(kernel =>
          pool.use(
            'tenant',
            async plugin => {
              await work(plugin);
              return placesOf(plugin, kernel);
            },
            { isolation: 'new' },
          ),
        );
      const callAll = async (plugin: Plugin, input: string) => {
        for (const name of names) await plugin.call(name, input).catch(() => {});
      };
      try {
        const left = await placesAfter(async plugin => {
          plugin.setVar('canary', CANARY);
          await callAll(plugin, CANARY);
        });
        for (const place of left) seen.add(place);
        equal(await placesAfter(async () => {}), []);
        equal(await placesAfter(plugin => callAll(plugin, 'another input')), []);
      } catch (error) {
        ok(error instanceof CreateError && NOT_ALONE.includes(error.code), String(error));
      } finally {
        await pool.close();
      }
    });
  }

  test('the canary was found in each place before', () => {
    equal([...seen].sort(), ['kernel memory', 'plugin memory', 'variables']);
    is(includes(new TextEncoder().encode(`x${CANARY}`)), true);
  });
});
