import { nodeHost } from '../helpers/node.ts';
import { memoryContracts } from './memory.ts';
import { nodeContracts } from './node.ts';
import { REPORT_MARK, runContracts } from './report.ts';

// The entry for Node, Deno and Bun. With the argument `node` both builds of the shim are tested, otherwise the one in memory.
const shim = (build: string) =>
  import(new URL(`../../../test/preview2/shim-${build}.mjs`, import.meta.url).href);
const inMemory = await shim('memory');
const onNode = process.argv.includes('node') ? await shim('node') : undefined;
const report = await runContracts(nodeHost, () => {
  memoryContracts(inMemory);
  if (onNode) nodeContracts(onNode);
});
console.log(`\n${REPORT_MARK}${JSON.stringify(report)}`);
// The shim's thread would keep the process running.
process.exit();
