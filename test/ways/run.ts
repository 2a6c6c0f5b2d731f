import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { nodeHost } from '../helpers/node.ts';
import { installRuntimes } from '../runtime/install.ts';
import { printLists, printTable, replaceTable, type Ways } from './table.ts';

// `npm run ways`: lists the functions that one warm call enters, and prints their number into docs/ARCHITECTURE.md. With the
// path of another build's dist/ it leaves the page as it is.

const PAGE = nodeHost.path('docs/ARCHITECTURE.md');
const [dist] = process.argv.slice(2);
const args = [nodeHost.path('dist/test/ways/count.js'), ...(dist === undefined ? [] : [resolve(dist)])];
// The newest Node, which can suspend plugins.
const ways = JSON.parse(execFileSync(installRuntimes().node, args, { encoding: 'utf8' })) as Ways;
const table = printTable(ways);
console.log([...printLists(ways), '', ...table].join('\n'));
if (dist === undefined) writeFileSync(PAGE, replaceTable(readFileSync(PAGE, 'utf8'), table));
