import { writeFileSync } from 'node:fs';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { fuelOf, SPEC_FUEL_FILE } from '../spec/fuel-counts.ts';
import { readScripts } from '../spec/suite.ts';
import { COUNTS_FILE, countsOf, steadyFolders } from './counts.ts';

// `npm run fuel` writes the counts with which the suite `fuel counts` compares each runtime. `npm run fuel -- spec` writes those of the
// WebAssembly test suite; it needs cargo, and a Node that knows most of its modules.
setTestHost(nodeHost);

function writeSpec(): void {
  const scripts = readScripts();
  if (!scripts) throw new Error('the WebAssembly test suite needs cargo');
  const lines = scripts.flatMap(script => {
    const fuel = fuelOf(script);
    return typeof fuel === 'string' ? [] : `${JSON.stringify(script.name)}: ${JSON.stringify(fuel)}`;
  });
  writeFileSync(nodeHost.path(SPEC_FUEL_FILE), `{\n${lines.join(',\n')}\n}\n`);
}

async function writeFixtures(): Promise<void> {
  const counts: Record<string, unknown> = {};
  for (const folder of steadyFolders()) counts[folder] = await countsOf(folder);
  const text = JSON.stringify(counts, null, 1).replace(/\[[^[\]]*\]/g, list => list.replace(/\s+/g, ' '));
  writeFileSync(nodeHost.path(COUNTS_FILE), `${text}\n`);
}

if (process.argv[2] === 'spec') writeSpec();
else await writeFixtures();
