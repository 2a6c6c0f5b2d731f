import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBrowser } from '../runtime/browsers.ts';
import { bundle } from '../runtime/bundle.ts';
import { installLocked, installRuntimes, Offline } from '../runtime/install.ts';
import { PAGE } from '../runtime/serve.ts';
import { DENO_FLAGS, start, temporary } from '../runtime/start.ts';
import { visit } from '../runtime/visit.ts';
import { serveWorker } from '../runtime/workerd.ts';
import { CANNOT, type Preview2Report, REPORT_MARK } from './report.ts';

// Runs the contracts of file systems over `@bytecodealliance/preview2-shim`: `npm run test:preview2`. Node
// runs the builds for Node and in memory, other runtimes only the build in memory. With --quick one runtime of each engine.

/** V8, JavaScriptCore and SpiderMonkey, and the runtime without files. */
const QUICK = ['node at hand', 'bun', 'workerd', 'firefox'];

async function runProgram(program: string, ...args: string[]): Promise<Preview2Report> {
  const { output, code } = await start(program, args);
  const line = output.split('\n').find(text => text.startsWith(REPORT_MARK));
  if (!line || code !== 0) throw new Error(`ended with ${code}\n${output.slice(-5000)}`);
  return JSON.parse(line.slice(REPORT_MARK.length)) as Preview2Report;
}

/** Bundles the contracts and the shim into one module. `use` returns the code that handles the promise of a report. */
const bundled = (use: (report: string) => string) =>
  bundle(
    [
      "import { memoryContracts } from './dist/test/preview2/memory.js';",
      "import { runContracts } from './dist/test/preview2/report.js';",
      "import * as shim from './test/preview2/shim-memory.mjs';",
      "const host = { runtime: 'bundled' };",
      use('runContracts(host, () => memoryContracts(shim))'),
    ].join('\n'),
  );

async function runWorkerd(program: string): Promise<Preview2Report> {
  const folder = join(temporary, 'preview2');
  mkdirSync(folder);
  const script = await bundled(
    report => `export default { fetch: async () => Response.json(await ${report}) };`,
  );
  writeFileSync(join(folder, 'worker.js'), script);
  writeFileSync(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    compatibilityDate = "2026-10-01",
    modules = [(name = "worker.js", esModule = embed "worker.js")],
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`,
  );
  return serveWorker(program, join(folder, 'config.capnp'), async origin => {
    const response = await fetch(origin);
    if (!response.ok) throw new Error(`workerd answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Preview2Report;
  });
}

async function runBrowser(name: 'chromium' | 'firefox', program: string): Promise<Preview2Report> {
  const script = await bundled(
    report => `await fetch('/report', { method: 'POST', body: JSON.stringify(await ${report}) });`,
  );
  const pages = new Map([
    ['/index.html', `${PAGE}<script type="module" src="/contracts.js"></script>`],
    ['/contracts.js', script],
  ]);
  return JSON.parse(await visit(name, program, true, pages, [], 'index.html')) as Preview2Report;
}

async function main(): Promise<{ passed: number; failed: number }> {
  let programs: ReturnType<typeof installRuntimes>;
  try {
    installLocked('test/preview2');
    programs = installRuntimes();
  } catch (error) {
    if (!(error instanceof Offline) || process.env.CI) throw error;
    console.log(
      `skipped: the shim or a runtime is not installed and the registry is out of reach\n${error.message}`,
    );
    return { passed: 0, failed: 0 };
  }
  const files = 'dist/test/preview2/files.js';
  const { node, deno, bun, workerd } = programs;
  const runs: [name: string, run: () => Promise<Preview2Report>][] = [
    ['node at hand', () => runProgram(process.execPath, files, 'node')],
    ['node', () => runProgram(node, files, 'node')],
    ['deno', () => runProgram(deno, ...DENO_FLAGS, files)],
    ['bun', () => runProgram(bun, files)],
    ['workerd', () => runWorkerd(workerd)],
  ];
  for (const name of ['chromium', 'firefox'] as const) {
    const program = findBrowser(name);
    if (program) runs.push([name, () => runBrowser(name, program)]);
    else console.log(`skipped: ${name}: it is not on this machine (in CI it is installed)`);
  }
  const isQuick = process.argv.includes('--quick');
  let passed = 0;
  let failed = 0;
  for (const [name, run] of runs) {
    if (isQuick && !QUICK.includes(name)) continue;
    const report = await run().catch((error: Error) => ({ passed: 0, errors: [error.message], skipped: [] }));
    const stale = CANNOT.filter(
      ({ test }) => !report.skipped.some(skip => test.test(`${skip.suite} › ${skip.name}`)),
    );
    const errors = [...report.errors, ...stale.map(({ test }) => `no test matches ${test}`)];
    for (const error of errors) console.log(`\non ${name}:\n${error}`);
    for (const { reason } of CANNOT) {
      const of = report.skipped.filter(skip => skip.reason === reason).length;
      console.log(`skipped on ${name}: ${of}: ${reason}`);
    }
    console.log(`${name}: ${report.passed} passed`);
    passed += report.passed;
    failed += errors.length;
  }
  return { passed, failed };
}

try {
  const { passed, failed } = await main();
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
} finally {
  // Retried, because a browser that was just killed may still write to its profile.
  rmSync(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
