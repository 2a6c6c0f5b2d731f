import { CreateError, compilePlugin, type Plugin } from '../../src/node.ts';
import { PluginPool } from '../../src/pool/index.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { readCaseFile, readInstrumentedIndex } from '../helpers/cases.ts';
import { host } from '../helpers/host.ts';
import { NOT_ALONE, stubsFor } from '../helpers/stubs.ts';
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

/** Some plugins use all fuel and memory that they get. Their cases need less. */
const LIMITS = { fuel: 2_000_000 };
const MEMORY = { maxPages: 100 };

const bytesOf = ({ buffer }: WebAssembly.Memory) => new Uint8Array(buffer);

/** Names the places of a plugin at which the canary stands. */
function placesOf(
  plugin: Plugin,
  { exports }: WebAssembly.Instance,
  kernel: readonly WebAssembly.Memory[],
): string[] {
  const memories = Object.values(exports).filter(item => item instanceof WebAssembly.Memory);
  return [
    ...(memories.some(memory => includes(bytesOf(memory))) ? ['plugin memory'] : []),
    ...(kernel.some(memory => includes(bytesOf(memory))) ? ['kernel memory'] : []),
    ...([...plugin.vars.values()].some(includes) ? ['variables'] : []),
  ];
}

for (const isolation of ['new', 'fresh'] as const) {
  suite(`pool: a use with isolation ${isolation}`, test => {
    const seen = new Set<string>();
    /** Fixtures whose one plugin served all uses. */
    let served = 0;
    for (const folder of readInstrumentedIndex()) {
      const { wasm, cases } = readCaseFile(folder);
      const names = [...new Set(cases.flatMap(({ calls = [] }) => calls.map(call => call.function)))];
      test(`${folder}: nothing of the call before can be found`, () =>
        withMemories(async made => {
          const bytes = host().readBytes(`fixtures/${folder}/${wasm}`).slice();
          const options = { functions: stubsFor(bytes), vars: {}, limits: LIMITS, memory: MEMORY } as const;
          const compiled = await compilePlugin(
            bytes,
            isolation === 'fresh' ? { ...options, isolation } : options,
          );
          const pool = new PluginPool(compiled, { max: 1 });
          /** Memories of the plugin that served last. */
          let kernel: readonly WebAssembly.Memory[] = [];
          /** Uses a plugin, and returns the places at which the canary stands then. */
          const placesAfter = (work: (plugin: Plugin) => Promise<void>) => {
            const [plugins, memories] = [pool.stats().made, made.length];
            const use = async (plugin: Plugin) => {
              if (pool.stats().made > plugins) kernel = made.slice(memories);
              // Asked for before the work: a plugin that is fresh in place is put back when it is asked.
              const instance = await plugin.getInstance();
              await work(plugin);
              return placesOf(plugin, isolation === 'fresh' ? instance : await plugin.getInstance(), kernel);
            };
            return pool.use('tenant', use, { isolation });
          };
          const callAll = async (plugin: Plugin, input: string) => {
            for (const name of names) await plugin.call(name, input).catch(() => {});
          };
          try {
            const left = await placesAfter(async plugin => {
              if (isolation === 'new') plugin.setVar('canary', CANARY);
              await callAll(plugin, CANARY);
              // A call would put them back. Some plugins have filled their variables.
              if (isolation === 'fresh' && plugin.vars.size === 0) plugin.setVar('canary', CANARY);
            });
            for (const place of left) seen.add(place);
            equal(await placesAfter(async () => {}), [], 'before a call');
            equal(await placesAfter(plugin => callAll(plugin, 'another input')), [], 'after other calls');
            if (pool.stats().made === 1) served++;
          } catch (error) {
            if (!(error instanceof CreateError && NOT_ALONE.includes(error.code))) throw error;
          } finally {
            await pool.close();
          }
        }));
    }

    test('the canary was found in each place before', () => {
      equal([...seen].sort(), ['kernel memory', 'plugin memory', 'variables']);
      is(includes(new TextEncoder().encode(`x${CANARY}`)), true);
    });

    // A plugin that has trapped never comes back, and many cases trap.
    test(`plugins ${isolation === 'new' ? 'never serve' : 'often serve'} a second use`, () => {
      ok(isolation === 'new' ? served === 0 : served > 12, `${served} fixtures`);
    });
  });
}
