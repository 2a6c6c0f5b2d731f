import { clear } from './coverage/folder.ts';
import { setTestHost } from './helpers/host.ts';
import { nodeHost, testFiles } from './helpers/node.ts';
import { isOwnFile, runInParts, sendPart } from './helpers/parts.ts';
import { printReport, printSlowest } from './helpers/print.ts';
import { runFiles } from './helpers/runner.ts';
import { keepReport, keepsReport } from './runtime/kept.ts';

setTestHost({ ...nodeHost, thorough: Boolean(process.env.PLUGBOARD_THOROUGH) });
const args = process.argv.slice(2);
const filters = args.filter(arg => !arg.startsWith('--'));
if (isOwnFile) sendPart(await runFiles(testFiles(), isOwnFile));
else {
  const isWhole = filters.length === 0 && nodeHost.runtime.startsWith('node ');
  if (isWhole && keepsReport) clear();
  const report = isWhole
    ? await runInParts(process.argv[1]!)
    : await runFiles(testFiles(filters.length > 0 ? filters : undefined));
  if (isWhole) keepReport(nodeHost.runtime, report);
  if (args.includes('--slowest')) console.log(`\n${printSlowest().join('\n')}`);
  process.exitCode = printReport(report) ? 0 : 1;
}
