import { setTestHost } from './helpers/host.ts';
import { nodeHost, testFiles } from './helpers/node.ts';
import { printReport } from './helpers/print.ts';
import { runFiles } from './helpers/runner.ts';

setTestHost({ ...nodeHost, thorough: Boolean(process.env.CI) });
const wanted = process.argv.slice(2);
process.exitCode = printReport(await runFiles(testFiles(wanted.length > 0 ? wanted : undefined))) ? 0 : 1;
