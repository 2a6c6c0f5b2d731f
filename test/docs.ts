import { readFileSync, writeFileSync } from 'node:fs';
import { printApi } from './helpers/api.ts';
import { setTestHost } from './helpers/host.ts';
import { nodeHost, testFiles } from './helpers/node.ts';
import { printPage } from './helpers/spec-table.ts';
import { rowSuites } from './helpers/suite.ts';

// Loading the suites runs no test, because the queue is never run here. It only records which suites prove which row.
globalThis.UVU_QUEUE = [[]];
setTestHost(nodeHost);
for (const { load } of testFiles()) await load();
const { walkThrough, withWalkThrough, WALK_THROUGH } = await import('./cli/walk-through.ts');
const approve = nodeHost.path(WALK_THROUGH);
writeFileSync(approve, withWalkThrough(readFileSync(approve, 'utf8'), await walkThrough()));
const { DID, didAll } = await import('./audit/did.ts');
writeFileSync(nodeHost.path(DID), `${JSON.stringify(await didAll(), null, 2)}\n`);

// Later than the host: the pages show docstrings of the sources.
const { pages } = await import('./spec-tables.ts');

for (const page of pages) {
  writeFileSync(nodeHost.path(page.path), printPage(page, rowSuites));
  console.log(`wrote ${page.path}`);
}

// A step of a release: the types of this version are compared with those of the next.
if (process.argv.includes('--release')) {
  const { publicTypes } = await import('./public-types.ts');
  writeFileSync(nodeHost.path('test/package/api.txt'), printApi(publicTypes()));
  console.log('wrote test/package/api.txt');
}
