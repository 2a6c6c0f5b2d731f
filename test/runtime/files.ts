import { nodeHost, testFiles } from '../helpers/node.ts';
import type { RuntimeId } from './cannot.ts';
import { REPORT_MARK, runSuites } from './report.ts';

// The entry of Node, Deno and Bun. Takes the id off the arguments, because suites take the first one for a filter.
const id = process.argv.pop() as RuntimeId;
// `--part=1/2` is the second half of the files.
const [part, parts] = /^--part=(\d)\/(\d)$/
  .exec(process.argv[2] ?? '')
  ?.slice(1)
  .map(Number) ?? [0, 1];
if (parts! > 1) process.argv.splice(2, 1);
const report = await runSuites(id, nodeHost, testFiles(), index => index % parts! === part);
console.log(`\n${REPORT_MARK}${JSON.stringify(report)}`);
