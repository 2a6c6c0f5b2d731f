import { readFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { jspi } from '../../src/engine/jspi.ts';
import { buildModule } from '../helpers/build-module.ts';
import { nodeHost } from '../helpers/node.ts';
import type { Entered, WayName } from './table.ts';

// Prints, as JSON, the functions that one warm call enters, for each way. The argument is the dist/ of another build, such as
// that of an older commit.

const dist = resolve(process.argv[2] ?? fileURLToPath(new URL('../../', import.meta.url)));
const load = (path: string): Promise<unknown> => import(pathToFileURL(join(dist, path)).href);
const { createPlugin, hostFunction, values } = (await load(
  'src/node.js',
)) as typeof import('../../src/node.ts');
const { Message, ScriptActor } = (await load(
  'src/actor/node.js',
)) as typeof import('../../src/actor/node.ts');

const ENV = 'extism:host/env';
/** `run` calls a host function, and answers with its input. */
const echo = () =>
  buildModule({
    imports: [
      { module: 'host', name: 'ask', results: ['i32'] },
      { module: ENV, name: 'input_offset', results: ['i64'] },
      { module: ENV, name: 'input_length', results: ['i64'] },
      { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
    ],
    memoryPages: 1,
    functions: [{ name: 'run', body: ['call 0', 'drop', 'call 1', 'call 2', 'call 3'] }],
  });
const now = { host: { ask: hostFunction({ result: values.i32 }, () => 7) } };
const later = { host: { ask: hostFunction({ result: values.i32, isAsync: true }, async () => 7) } };

/** A way: prepares it, and returns its one step. */
const WAYS: Readonly<Record<WayName, () => Promise<() => Promise<unknown>>>> = {
  'call, inline': async () => {
    const plugin = await createPlugin(echo(), { functions: now });
    return () => plugin.call('run', 'input');
  },
  'call, suspending': async () => {
    const plugin = await createPlugin(echo(), { functions: later });
    return () => plugin.call('run', 'input');
  },
  'call, in a worker': async () => {
    const plugin = await createPlugin(echo(), { functions: now, runInWorker: true });
    return () => plugin.call('run', 'input');
  },
  // New bytes each time, so that the module is compiled.
  manifest: async () => () => createPlugin({ wasm: [{ data: echo() }] }, { functions: now }),
  packet: async () => {
    const source = nodeHost.readBytes('fixtures/rust-counter/rust_counter.wasm');
    const actor = await ScriptActor.create({ source, entry_point: 'process' });
    actor.start();
    const packets = actor.outports[Symbol.asyncIterator]();
    return async () => {
      await actor.inports.send({ increment: Message.flow() });
      await packets.next();
    };
  },
};

const WARM_UPS = 3;
/** Calls that are counted together: V8 misses some entries of short functions, never the same ones. */
const ROUNDS = 40;

type Post = (method: string, params?: object) => Promise<unknown>;
type Coverage = { result: Profiler.ScriptCoverage[] };

const session = new Session();
session.connect();
const posts = new Set<Post>([
  (method, params) => session.post(method as 'Profiler.enable', params as undefined),
]);
/** Requests to workers that wait for their answer, by number. */
const waiting = new Map<number, (answer: unknown) => void>();
session.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) =>
  posts.add((method, params) => {
    const id = waiting.size;
    const message = JSON.stringify({ id, method, params });
    // The answer may come before `post` returns.
    const answer = new Promise(resolve => waiting.set(id, resolve));
    void session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
    return answer;
  }),
);
session.on('NodeWorker.receivedMessageFromWorker', ({ params: { message } }) => {
  const { id, result } = JSON.parse(message) as { id: number; result: unknown };
  waiting.get(id)?.(result);
});
await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
/** Sends the request to this thread and all workers. */
const post = <T>(method: string, params?: object) =>
  Promise.all([...posts].map(each => each(method, params) as Promise<T>));

/** All steps: a plugin that nothing holds is collected, and its worker ends without an answer. */
const steps: (() => Promise<unknown>)[] = [];

async function count(prepare: () => Promise<() => Promise<unknown>>): Promise<Entered[]> {
  const step = await prepare();
  steps.push(step);
  for (let round = 0; round < WARM_UPS; round++) await step();
  await post('Profiler.enable');
  await post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  const found = new Map<string, Entered>();
  for (let round = 0; round < ROUNDS; round++) {
    await step();
    for (const { result } of await post<Coverage>('Profiler.takePreciseCoverage')) {
      for (const [key, each] of result.flatMap(entered)) found.set(key, each);
    }
  }
  await post('Profiler.stopPreciseCoverage');
  return [...found.values()];
}

function entered({ url, functions }: Profiler.ScriptCoverage): [key: string, Entered][] {
  const name = url.startsWith('file:') ? relative(dist, fileURLToPath(url)).replaceAll(sep, '/') : '';
  if (!/^(abi|wasi|src)\//.test(name)) return [];
  const text = readFileSync(join(dist, name), 'utf8');
  return functions.flatMap(({ functionName, ranges: [range] }) => {
    const { startOffset, endOffset, count } = range!;
    const isModule = functionName === '' && endOffset - startOffset === text.length;
    if (count === 0 || isModule) return [];
    return [[`${name} ${startOffset}`, { file: fileAt(text, startOffset) ?? name, name: functionName }]];
  });
}

/** The file that the code at `offset` was bundled from: the bundle of the worker names each in a comment before its code. */
function fileAt(text: string, offset: number): string | undefined {
  const start = text.lastIndexOf('\n// dist/', offset);
  return start < 0 ? undefined : /\/\/ dist\/(.*)/.exec(text.slice(start, offset))![1];
}

// Workers do not keep the process alive, although it waits for their answers.
setInterval(() => {}, 1000);
const ways: [string, Entered[]][] = [];
for (const [name, prepare] of Object.entries(WAYS)) {
  if (name === 'call, suspending' && !jspi) continue;
  ways.push([name, await count(prepare)]);
}
console.log(JSON.stringify(Object.fromEntries(ways)));
// Plugins in workers are still open.
process.exit(0);
