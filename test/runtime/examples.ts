import type * as Web from '../../src/web.ts';
import { type BrowserName, findBrowser } from './browsers.ts';
import { repositoryFiles } from './bundle.ts';
import { checkDurableWorker } from './durable-worker.ts';
import { checkReplay } from './exchange.ts';
import type { installRuntimes } from './install.ts';
import { checkNetworkPage, checkStandalonePage } from './network-page.ts';
import { checkPluginPage } from './plugin-page.ts';
import { checkPolicyWorker } from './policy-worker.ts';
import type { Check } from './report.ts';
import { PAGE } from './serve.ts';
import { DENO_FLAGS, runJobs, start } from './start.ts';
import { visit } from './visit.ts';
import { serveWorker } from './workerd.ts';

type Programs = ReturnType<typeof installRuntimes>;

/** Runs every example of examples/ where it belongs. */
export async function checkExamples(programs: Programs): Promise<Check[]> {
  const browsers = (['chromium', 'firefox'] as const).flatMap(name => {
    const program = findBrowser(name);
    return program
      ? [
          () => checkBundle(name, program),
          () => checkTallyPage(name, program),
          () => checkActorPage(name, program),
          () => checkNetworkPage(name, program),
          () => checkStandalonePage(name, program),
          () => checkPluginPage(name, program),
        ]
      : [];
  });
  const { workerd } = programs;
  const runs = [
    ...PROGRAMS.map(program => () => checkProgram(programs, program)),
    () => checkWorker(workerd),
    () => checkTally(programs),
    () => checkTallyWorker(workerd),
    () => checkTypedWorker(workerd),
    () => checkPolicyWorker(workerd),
    () => checkDurableWorker(workerd),
    () => checkReplay(programs),
    ...browsers,
  ];
  // An example that cannot be started must not hide the results of the others.
  const failed = (error: Error): Check[] => [
    { name: 'an example', expected: 'a result', actual: error.message },
  ];
  return (await runJobs(runs.map(run => () => run().catch(failed)))).flat();
}

const commands = ({ node, deno, bun }: Programs) =>
  [
    ['node', node],
    ['deno', deno, ...DENO_FLAGS],
    ['bun', bun],
  ] as const;

/** The programs that need files. Each prints the same on every runtime that has them. */
const PROGRAMS = [
  'counter',
  ...['configuration', 'debugging', 'messages', 'modules', 'outputs', 'security', 'state'].map(
    name => `actors/${name}`,
  ),
].map(name => `dist/examples/${name}.js`);

async function checkProgram(programs: Programs, demo: string): Promise<Check[]> {
  const { output: expected, code } = await start(process.execPath, [demo]);
  if (code !== 0) throw new Error(`${demo} fails on the Node at hand:\n${expected}`);
  return runJobs(
    commands(programs).map(([name, program, ...flags]) => async () => {
      const run = await start(program, [...flags, demo]);
      return {
        name: `${demo} on ${name}`,
        expected,
        actual: run.code === 0 ? run.output : `exit code ${run.code}\n${run.output}`,
      };
    }),
  );
}

/** The example Worker under its own configuration. All requests are sent at once, to show that they take turns. */
async function checkWorker(program: string): Promise<Check[]> {
  const actual = await serveWorker(program, 'examples/worker/config.capnp', async origin => {
    const post = async (body: string) => {
      const response = await fetch(origin, { method: 'POST', body });
      return `${response.status} ${await response.text()}`;
    };
    const increment = '{"increment":{"type":"Flow","data":null}}';
    const counts = await Promise.all(Array.from({ length: 10 }, () => post(increment)));
    const long = `{"increment":{"type":"String","data":"${'x'.repeat(2 ** 26)}"}}`;
    const others = [await post('{"increment":'), await post(long), `${(await fetch(origin)).status}`];
    return [...counts.sort(), ...others.map(text => text.slice(0, 15))].join('\n');
  });
  const counts = Array.from(
    { length: 10 },
    (_, index) => `200 {"count":{"type":"Integer","data":${index + 11}}}\n`,
  );
  const expected = [...counts, '400 JSON_SYNTAX', '413 INPUT_LIMIT', '405'].join('\n');
  return [{ name: 'examples/worker on workerd', expected, actual }];
}

/** Uses the bundle for `<script type="module">`. Its parts and its worker stand beside it. Runs in the browser. */
async function useBundle({ createPlugin }: typeof Web): Promise<void> {
  const seen: string[] = [];
  const bytesOf = async (path: string) => (await fetch(`/files/fixtures/${path}`)).arrayBuffer();
  const notify: string[] = [];
  const functions = {
    'extism:host/user': {
      notify: (context: Web.CallContext, handle: bigint) => void notify.push(context.read(handle)!.text()),
      shout: (context: Web.CallContext, handle: bigint) =>
        context.store(context.read(handle)!.text().toUpperCase()),
    },
  };
  const attempt = async (work: () => Promise<Web.PluginOutput | null>) =>
    seen.push(
      await work().then(
        output => output?.text() ?? 'no output',
        ({ code, message }) => `${code}: ${message}`,
      ),
    );
  const plugin = await createPlugin(await bytesOf('rust-pdk/rust_pdk.wasm'), { functions });
  await attempt(() => plugin.call('call_host', 'a text'));
  seen.push(...notify);
  await attempt(() => plugin.call('fail', 'a reason'));
  await plugin.close();
  const inWorker = await createPlugin(await bytesOf('abi/abi.wasm'), { runInWorker: true });
  await attempt(() => inWorker.call('alloc_zero'));
  seen.push(inWorker.report.isolation);
  await inWorker.close();
  await createPlugin(new TextEncoder().encode('a text')).catch(({ code }) => seen.push(code));
  await fetch('/report', { method: 'POST', body: seen.join('\n') });
}

async function checkBundle(name: BrowserName, program: string): Promise<Check[]> {
  const load = "import * as bundle from '/files/dist/browser/plugboard.min.js';";
  const script = `<script type="module">${load} (${useBundle})(bundle)</script>`;
  const pages = new Map([['/index.html', `${PAGE}<body>${script}`]]);
  const paths = [...repositoryFiles(), ...repositoryFiles('dist/browser')];
  const actual = await visit(name, program, true, pages, paths, 'index.html');
  const expected = ['A TEXT', 'a text', 'PLUGIN_ERROR: a reason', '0', 'worker', 'INVALID_WASM'].join('\n');
  return [{ name: `dist/browser in ${name}`, expected, actual }];
}

const TALLY = { text: 'so it is, or is it not?', words: ['is', 'it', 'so'] };
const TALLIED = 'found: 5\nis 2\nit 2\nso 1\n';

/** The same program, compiled from C, prints the same everywhere, and its exit code reaches the host. */
function checkTally(programs: Programs): Promise<Check[]> {
  const file = 'examples/wasi/main.js';
  return runJobs(
    [['node at hand', process.execPath], ...commands(programs)].map(
      ([name, program = '', ...flags]) =>
        async () => {
          const found = await start(program, [...flags, file, TALLY.text, ...TALLY.words]);
          const none = await start(program, [...flags, file, TALLY.text, 'never']);
          const actual = [found, none].map(({ output, code }) => `${output}exit code ${code}\n`).join('');
          const expected = `${TALLIED}\nexit code 0\nfound: 0\nnever 0\n\nexit code 1\n`;
          return { name: `${file} on ${name}`, expected, actual };
        },
    ),
  );
}

async function checkTallyWorker(program: string): Promise<Check[]> {
  const actual = await serveWorker(program, 'examples/wasi/config.capnp', async origin => {
    const query = TALLY.words.map(word => `word=${word}`).join('&');
    const response = await fetch(`${origin}/?${query}`, { method: 'POST', body: TALLY.text });
    const none = await fetch(`${origin}/?word=never`, { method: 'POST', body: TALLY.text });
    return `${response.status} ${await response.text()}${none.status}`;
  });
  return [{ name: 'examples/wasi on workerd', expected: `200 ${TALLIED}404`, actual }];
}

/** A plugin that went through plugboard/esbuild, with a wrapper of its own. */
async function checkTypedWorker(program: string): Promise<Check[]> {
  const actual = await serveWorker(program, 'examples/typed/config.capnp', async origin => {
    const count = async () => (await fetch(origin)).text();
    return [await count(), await count()].join('\n');
  });
  const expected = [11, 12].map(data => `[{"count":{"type":"Integer","data":${data}}}]`).join('\n');
  return [{ name: 'examples/typed on workerd', expected, actual }];
}

async function usePageOfTally(): Promise<void> {
  const frame = document.createElement('iframe');
  frame.src = '/files/examples/wasi/index.html';
  document.body.append(frame);
  await new Promise(resolve => frame.addEventListener('load', resolve));
  const find = (id: string) => frame.contentDocument!.getElementById(id)!;
  find('run').click();
  for (let round = 0; round < 200 && !find('output').textContent; round++)
    await new Promise(resolve => setTimeout(resolve, 50));
  await fetch('/report', { method: 'POST', body: find('output').textContent });
}

async function checkTallyPage(name: BrowserName, program: string): Promise<Check[]> {
  const script = `(${usePageOfTally})()`;
  const pages = new Map([['/index.html', `${PAGE}<body><script type="module">${script}</script>`]]);
  const paths = ['fixtures', 'examples', 'dist/wasi'].flatMap(folder => repositoryFiles(folder));
  const actual = await visit(name, program, true, pages, paths, 'index.html');
  return [{ name: `examples/wasi in ${name}`, expected: `${TALLIED}exit code 0`, actual }];
}

/** Counts up twice and down once. */
async function usePageOfActor(): Promise<void> {
  const frame = document.createElement('iframe');
  frame.src = '/files/examples/actors/index.html';
  document.body.append(frame);
  await new Promise(resolve => frame.addEventListener('load', resolve));
  const page = frame.contentDocument!;
  const until = async (condition: () => boolean) => {
    for (let round = 0; round < 200 && !condition(); round++)
      await new Promise(resolve => setTimeout(resolve, 50));
  };
  const buttons = () => [...page.querySelectorAll('button')];
  await until(() => buttons().length > 0);
  const output = () => page.getElementById('output')!.textContent!;
  for (const name of ['increment', 'increment', 'decrement'])
    buttons()
      .find(({ textContent }) => textContent === name)
      ?.click();
  await until(() => output().split('\n').length > 3);
  await fetch('/report', { method: 'POST', body: output() });
}

async function checkActorPage(name: BrowserName, program: string): Promise<Check[]> {
  const script = `(${usePageOfActor})()`;
  const pages = new Map([['/index.html', `${PAGE}<body><script type="module">${script}</script>`]]);
  const paths = ['fixtures', 'examples', 'dist'].flatMap(folder => repositoryFiles(folder));
  const actual = await visit(name, program, true, pages, paths, 'index.html');
  const expected = [11, 12, 11].map(count => `{"count":{"type":"Integer","data":${count}}}\n`).join('');
  return [{ name: `examples/actors in ${name}`, expected, actual }];
}
