import { setTestHost } from './helpers/host.ts';
import { nodeHost, testFiles } from './helpers/node.ts';
import { printReport } from './helpers/print.ts';
import { runFiles } from './helpers/runner.ts';

setTestHost({ ...nodeHost, thorough: Boolean(process.env.CI) });
process.exitCode = printReport(await runFiles(testFiles(process.argv[2]))) ? 0 : 1;
