import { is } from '../helpers/assert.ts';
import { nodeHost } from '../helpers/node.ts';
import { start } from '../runtime/start.ts';
import { type LongCase, Skip } from './case.ts';

/** Suites of `npm test` that try more when PLUGBOARD_THOROUGH is set. */
export const THOROUGH_CASES: readonly LongCase[] = [
  'pool/: 10,000 tenants',
  'abi/differential: 2,000 random programs',
  'cli/run-graph: more kills',
  'pool/leak: each fixture',
  'replay/cases: each case in a worker, and memory',
  'network/: more random schedules and networks',
  'actor/mailbox: more random programs',
  'src/workers: more endless loops in a row',
  'src/fresh: each fixture',
  'peer/kernel.js: 2,000 random programs on the official kernel',
].map(name => ({
  name,
  async run() {
    if (!nodeHost.runtime.startsWith('node ')) throw new Skip('the entry of npm test is for Node');
    const filter = name.split(':')[0]!;
    const args = filter.endsWith('.js') ? [`dist/test/${filter}`] : ['dist/test/index.js', filter];
    const { output, code } = await start(process.execPath, args, { PLUGBOARD_THOROUGH: '1' });
    console.log(output.slice(-2000));
    is(code, 0);
  },
}));
