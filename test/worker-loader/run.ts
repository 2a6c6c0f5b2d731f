import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBlocks } from '../package/pages.ts';
import { bundle } from '../runtime/bundle.ts';
import { installRuntimes } from '../runtime/install.ts';
import { root } from '../runtime/root.ts';
import { startWorkerd } from '../runtime/workerd.ts';
import { LOADED_FILES } from './cases.ts';
import { fileName } from './worker.ts';

// Plugins in child isolates on workerd: `npm run test:loader`, or with a part of the tests' names.

const LONGEST_MS = 20_000;
const REQUESTS = 5;

const [wanted = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'plugboard-loader-'));
const page = readBlocks(readFileSync(join(root, 'docs/EDGE.md'), 'utf8')).find(({ code }) =>
  code.includes('loadPlugin'),
)!.code;
writeFileSync(
  join(folder, 'worker.js'),
  await bundle(
    [
      "import { makeWorker } from './dist/test/worker-loader/worker.js';",
      page.replace('export default', 'const page ='),
      'export default makeWorker(page);',
    ].join('\n'),
  ),
);
for (const name of LOADED_FILES)
  copyFileSync(join(root, `fixtures/${name}.wasm`), join(folder, fileName(name)));
const config = join(folder, 'config.capnp');
writeFileSync(
  config,
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [(name = "worker", esModule = embed "worker.js")],
  bindings = [
    (name = "LOADER", workerLoader = ()),
${LOADED_FILES.map(name => `    (name = "${fileName(name)}", data = embed "${fileName(name)}"),`).join('\n')}
  ],
);
`,
);

/** The server that no child may reach. */
const target = createServer((_, response) => response.end('reached')).listen(0, '127.0.0.1');
await new Promise(resolve => target.once('listening', resolve));
const targetUrl = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;

const workerd = await startWorkerd(installRuntimes().workerd, config, { more: ['--experimental'] });
async function ask<T>(test: string): Promise<T> {
  const body = JSON.stringify({ test, target: targetUrl });
  const signal = AbortSignal.timeout(LONGEST_MS);
  return (await (await fetch(workerd.origin, { method: 'POST', body, signal })).json()) as T;
}

const tests: [name: string, body: () => Promise<string>][] = (await ask<string[]>('names')).map(name => [
  name,
  () => ask<string>(name),
]);
tests.push([
  'an isolate serves request after request',
  async () => {
    const totals: unknown[] = [];
    for (let count = 0; count < REQUESTS; count++) totals.push(await ask('count'));
    return totals.join() === '1,2,3,4,5' ? 'passed' : `totals ${totals.join()}`;
  },
]);
tests.push([
  'the Worker of docs/EDGE.md serves tenants, and refuses wrong and missing bytes',
  async () => {
    const replies = (await ask<string[]>('page')).map(reply => /"total": \d+|^[A-Z_]+$/.exec(reply)?.[0]);
    const expected = ['"total": 2', '"total": 4', 'HASH_MISMATCH', 'SOURCE_UNAVAILABLE'];
    return replies.join() === expected.join() ? 'passed' : replies.join('\n');
  },
]);

const counts = { passed: 0, failed: 0 };
for (const [name, body] of tests) {
  if (!name.includes(wanted)) continue;
  const outcome = await body().catch((error: Error) => String(error.stack));
  if (outcome === 'passed') counts.passed++;
  else {
    counts.failed++;
    console.log(`FAIL ${name}\n${outcome}\n${workerd.output().slice(-3000)}\n`);
  }
}
await workerd.kill();
target.close();
rmSync(folder, { recursive: true, force: true });
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
