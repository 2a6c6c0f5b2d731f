import { writeFileSync } from 'node:fs';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { COUNTS_FILE, countsOf, steadyFolders } from './counts.ts';

// `npm run fuel` writes the counts with which the suite `fuel counts` compares each runtime.
setTestHost(nodeHost);
const counts: Record<string, unknown> = {};
for (const folder of steadyFolders()) counts[folder] = await countsOf(folder);
const text = JSON.stringify(counts, null, 1).replace(/\[[^[\]]*\]/g, list => list.replace(/\s+/g, ' '));
writeFileSync(nodeHost.path(COUNTS_FILE), `${text}\n`);
