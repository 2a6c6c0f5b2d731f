import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Exchanged, MODULES, RECORDED_ON } from '../replay/exchange.ts';
import { type BrowserName, findBrowser } from './browsers.ts';
import { bundle, bundleWorker } from './bundle.ts';
import { checkFailureOnWorkerd } from './failure-worker.ts';
import type { installRuntimes } from './install.ts';
import type { Check } from './report.ts';
import { root } from './root.ts';
import { PAGE } from './serve.ts';
import { DENO_FLAGS, start, temporary } from './start.ts';
import { visit } from './visit.ts';
import { configText, serveWorker } from './workerd.ts';

// Recordings go from each runtime to each other one. `node dist/test/runtime/exchange-run.js` writes those that are committed.

type Programs = ReturnType<typeof installRuntimes>;

/** A runtime that records, and replays recordings of others. */
interface Peer {
  /** Recordings of the page without shared memory are those of Chromium, and not committed. */
  id: (typeof RECORDED_ON)[number] | 'chromium-plain';
  record(): Promise<Exchanged>;
  /** Returns the differences of each. */
  replay(all: readonly Exchanged[]): Promise<string[][]>;
}

const folder = join(temporary, 'exchange');

const program = (id: Peer['id'], path: string, ...flags: string[]): Peer => {
  const run = async (task: string, ...files: string[]): Promise<unknown> => {
    const out = join(folder, `${id}-${task}.json`);
    const { output, code } = await start(path, [...flags, 'dist/test/replay/here.js', task, out, ...files]);
    if (code !== 0) throw new Error(`${task} on ${id} ended with ${code}\n${output}`);
    return JSON.parse(readFileSync(out, 'utf8')) as unknown;
  };
  return {
    id,
    record: async () => (await run('record')) as Exchanged,
    replay: async all => {
      const files = all.map((exchanged, index) => {
        const file = join(folder, `${id}-from-${index}.json`);
        writeFileSync(file, JSON.stringify(exchanged));
        return file;
      });
      return (await run('replay', ...files)) as string[][];
    },
  };
};

/** A Worker that imports the modules, as those of users do. */
async function worker(path: string): Promise<Peer> {
  const script = await bundle(
    [
      "import { recordHere, replayHere } from './dist/test/replay/exchange.js';",
      "import sync from 'imported/sync.wasm';",
      "import waiting from 'imported/waiting.wasm';",
      'const modules = { sync, waiting };',
      'const replays = async request => Promise.all((await request.json()).map(one => replayHere(one, modules)));',
      "const answer = request => request.method === 'POST' ? replays(request) : recordHere('workerd', modules);",
      'export default { fetch: async request => Response.json(await answer(request)) };',
    ].join('\n'),
  );
  mkdirSync(join(folder, 'imported'), { recursive: true });
  writeFileSync(join(folder, 'worker.js'), script);
  const modules = Object.entries(MODULES()).map(([name, bytes]) => {
    const file = `imported/${name}.wasm`;
    writeFileSync(join(folder, file), bytes);
    return { name: file, kind: 'wasm' as const, file };
  });
  const config = join(folder, 'config.capnp');
  writeFileSync(
    config,
    configText([{ name: 'worker.js', kind: 'esModule', file: 'worker.js' }, ...modules], '2026-10-01'),
  );
  const ask = <T>(init?: RequestInit): Promise<T> =>
    serveWorker(path, config, async origin => (await (await fetch(origin, init)).json()) as T);
  const version = (await start(path, ['--version'])).stdout.trim();
  return {
    id: 'workerd',
    record: async () => ({ ...(await ask<Exchanged>()), runtime: version }),
    replay: all => ask({ method: 'POST', body: JSON.stringify(all) }),
  };
}

/** A page that posts the recordings made in it, or the differences of those that are served to it. */
async function page(id: BrowserName | 'chromium-plain', path: string): Promise<Peer> {
  const name = id === 'firefox' ? id : 'chromium';
  const script = await bundle(
    [
      "import { MODULES, recordHere, replayHere } from './dist/test/replay/exchange.js';",
      'const served = await fetch("/recordings.json");',
      'const version = /(?:Chrome|Firefox)\\/[\\d.]+/.exec(navigator.userAgent)[0].split("/")[1];',
      'const result = served.ok',
      '  ? await Promise.all((await served.json()).map(one => replayHere(one, MODULES())))',
      `  : await recordHere(\`${id} \${version}\`, MODULES());`,
      'await fetch("/report", { method: "POST", body: JSON.stringify(result) });',
    ].join('\n'),
  );
  const files = [
    ['/index.html', `${PAGE}<script type="module" src="/exchange.js"></script>`],
    ['/exchange.js', script],
    ['/worker-web.js', await bundleWorker()],
  ] as const;
  const ask = async (...more: [path: string, text: string][]): Promise<unknown> =>
    JSON.parse(
      await visit(name, path, id !== 'chromium-plain', new Map([...files, ...more]), [], 'index.html'),
    );
  return {
    id,
    record: async () => (await ask()) as Exchanged,
    replay: async all => (await ask(['/recordings.json', JSON.stringify(all)])) as string[][],
  };
}

/** Records on each runtime, and replays on each. Returns the recordings by runtime, and one check for each pair. */
export async function exchange({
  node,
  deno,
  bun,
  workerd,
}: Programs): Promise<{ all: Map<Peer['id'], Exchanged>; checks: Check[] }> {
  mkdirSync(folder, { recursive: true });
  const peers: Peer[] = [
    program('node-at-hand', process.execPath),
    program('node', node),
    program('deno', deno, ...DENO_FLAGS),
    program('bun', bun),
    await worker(workerd),
  ];
  for (const name of ['chromium', 'firefox'] as const) {
    const path = findBrowser(name);
    // In CI a missing browser is installed, or an error. The table of runtimes tells elsewhere that it is missing.
    if (path) peers.push(await page(name, path));
    if (path && name === 'chromium') peers.push(await page('chromium-plain', path));
  }
  const all = new Map<Peer['id'], Exchanged>();
  for (const peer of peers) all.set(peer.id, await peer.record());
  const checks: Check[] = [];
  for (const { replay, id } of peers) {
    const outcomes = await replay([...all.values()]);
    for (const [index, { runtime }] of [...all.values()].entries()) {
      const actual = outcomes[index]!.join('\n');
      checks.push({ name: `recorded on ${runtime}, replayed on ${id}`, expected: '', actual });
    }
  }
  return { all, checks };
}

export async function checkReplay(programs: Programs): Promise<Check[]> {
  return [...(await exchange(programs)).checks, ...(await checkFailureOnWorkerd(programs.workerd))];
}

/** Writes the recordings that test/replay/exchange.test.ts replays. */
export function writeRecordings(all: ReadonlyMap<Peer['id'], Exchanged>): void {
  const committed = join(root, 'test/replay/recordings');
  mkdirSync(committed, { recursive: true });
  for (const id of RECORDED_ON) {
    const exchanged = all.get(id);
    if (!exchanged) throw new Error(`${id} is missing on this machine, and has no recording`);
    writeFileSync(join(committed, `${id}.json`), `${JSON.stringify(exchanged)}\n`);
  }
}
