import type { Case } from '../../src/conformance/case.ts';
import { plugboardHost } from '../../src/conformance/plugboard-host.ts';
import { runCase } from '../../src/conformance/run-case.ts';
import { type CallError, createPlugin, type Plugin, type PluginOptions } from '../../src/node.ts';
import { readModule as outlineOf } from '../../src/wasm/reader.ts';
import { readCaseFile, readIndex, readModule } from '../helpers/cases.ts';
import { host } from '../helpers/host.ts';

/** Units that the calls of one case use, in order; the first number is of the start functions. */
export type Counts = Record<string, (number | null)[]>;

const FUELLED: PluginOptions = { limits: { fuel: Number.MAX_SAFE_INTEGER } };

export const COUNTS_FILE = 'test/fuel/counts.json';

/** Imports that give each run other values: clocks, random bytes, events. Code may take another way after them. */
const OTHER_EACH_TIME = /^(clock_|random_|poll_|sched_)/;
/** Ends that come at another place on each engine. */
const ENGINES_OWN = ['STACK_OVERFLOW', 'MEMORY_LIMIT', 'UNSUPPORTED', 'HTTP_NOT_ENABLED'];

/** The folders of fixtures whose code does the same in each run. */
export function steadyFolders(): string[] {
  return readIndex().filter(folder => {
    const { imports, problems } = outlineOf(
      host().readBytes(`fixtures/${folder}/${readCaseFile(folder).wasm}`),
    );
    return problems.length === 0 && !imports.some(({ name }) => OTHER_EACH_TIME.test(name));
  });
}

/** Cases that need a feature are left to the runtimes that have it. */
const isCounted = ({ calls, requires = [] }: Case): boolean => calls !== undefined && requires.length === 0;

/** Runs the cases of a folder. @returns the counts by case; null stands for a call whose end is the engine's own */
export async function countsOf(folder: string): Promise<Counts> {
  const counts: Counts = {};
  let current: (number | null)[] = [];
  const recorded = (plugin: Plugin): Plugin => {
    current.push(plugin.fuelUsed);
    const { call } = plugin;
    const counted = async (...args: Parameters<Plugin['call']>) => {
      let isOwn = false;
      try {
        return await call.apply(plugin, args);
      } catch (error) {
        isOwn = ENGINES_OWN.includes((error as CallError).code);
        throw error;
      } finally {
        current.push(isOwn ? null : plugin.fuelUsed);
      }
    };
    return Object.defineProperty(plugin, 'call', { value: counted });
  };
  const subject = plugboardHost({
    create: async (source, options) => recorded(await createPlugin(source, { ...options, ...FUELLED })),
    version: host().runtime,
    read: readModule,
    options: {},
  });
  const file = readCaseFile(folder);
  for (const given of file.cases) {
    if (!isCounted(given)) continue;
    current = [];
    const { status } = await runCase(subject, folder, file, given);
    if (status !== 'skipped') counts[given.id] = current;
  }
  return counts;
}
