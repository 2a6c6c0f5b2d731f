import { nodeHost, testFiles } from '../helpers/node.ts';
import type { RuntimeId } from './cannot.ts';
import { REPORT_MARK, runSuites } from './report.ts';

// The entry of Node, Deno and Bun. Takes the id off the arguments, because suites take the first one for a filter.
const id = process.argv.pop() as RuntimeId;
console.log(`\n${REPORT_MARK}${JSON.stringify(await runSuites(id, nodeHost, testFiles()))}`);
