import { writeFileSync } from 'node:fs';
import { setTestHost } from './helpers/host.ts';
import { nodeHost, testFiles } from './helpers/node.ts';
import { printPage } from './helpers/spec-table.ts';
import { rowSuites } from './helpers/suite.ts';

// Loading the suites runs no test, because the queue is never run here. It only records which suites prove which row.
globalThis.UVU_QUEUE = [[]];
setTestHost(nodeHost);
for (const { load } of testFiles()) await load();
// Later than the host: the pages show docstrings of the sources.
const { pages } = await import('./spec-tables.ts');

for (const page of pages) {
  writeFileSync(nodeHost.path(page.path), printPage(page, rowSuites));
  console.log(`wrote ${page.path}`);
}
