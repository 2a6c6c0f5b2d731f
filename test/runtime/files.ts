import { nodeHost, testFiles } from '../helpers/node.ts';
import type { RuntimeId } from './cannot.ts';
import { REPORT_MARK, runSuites } from './report.ts';

// The entry of Node, Deno and Bun. Takes the id off the arguments, because suites take the first one for a filter.
const id = process.argv.pop() as RuntimeId;
// The run on the Node at hand stands for `npm test` in CI: it tries as many seeds.
const host = { ...nodeHost, thorough: id === 'node-at-hand' && Boolean(process.env.CI) };
console.log(`\n${REPORT_MARK}${JSON.stringify(await runSuites(id, host, testFiles()))}`);
