import { createRecorder, replay } from '../../src/audit/node.ts';
import { createPlugin, hostFunction, type PluginOptions, values } from '../../src/node.ts';
import { MemoryFs } from '../../wasi/index.ts';
import { traced } from '../trace/module.ts';

// Recordings that one runtime makes, and another replays. The modules have an export for each kind of import.

/** A module, as bytes or compiled. */
type Wasm = Uint8Array<ArrayBuffer> | WebAssembly.Module;
export type KindId = 'sync' | 'waiting';
export type Modules = Readonly<Record<KindId, Wasm>>;

export const MODULES = (): Record<KindId, Uint8Array<ArrayBuffer>> => ({
  sync: traced(false),
  waiting: traced(true),
});

const REQUEST = JSON.stringify({
  url: 'https://example.com/?q=1',
  method: 'POST',
  headers: { accept: 'text/plain' },
});
const add = (_: unknown, one: number, other: number) => one + other;
const shape = { params: [values.text], result: values.text } as const;
const secret = hostFunction({ params: [values.secret] }, () => {});

/** `sync` has an answer for everything at once; `waiting` waits for a host function and for HTTP. */
const KINDS: Readonly<Record<KindId, { options: () => PluginOptions; calls: readonly string[] }>> = {
  sync: {
    options: () => ({
      functions: { host: { add, secret, shout: hostFunction(shape, (_, text) => text.toUpperCase()) } },
      preopens: { '/': new MemoryFs({ hi: 'text' }) },
    }),
    calls: [
      ...['config', 'tell', 'log', 'vars', 'word', 'free', 'echo', 'shout', 'add', 'write', 'time', 'random'],
      ...['open', 'fail'],
    ],
  },
  waiting: {
    options: () => ({
      functions: { host: { add, secret, shout: hostFunction(shape, async (_, text) => text.toUpperCase()) } },
      allowedHosts: ['example.com'],
      fetch: async () => new Response('a body', { status: 201, headers: { 'x-own': 'kept' } }),
    }),
    calls: ['shout', 'http', 'random', 'fail'],
  },
};

export interface Exchanged {
  /** Such as `node 20.20.2`. */
  runtime: string;
  /** The text of each recording, and the mode in which its plugin ran. */
  recordings: Record<KindId, { isolation: string; text: string }>;
}

/** Records all calls of both kinds here. */
export async function recordHere(runtime: string, modules: Modules): Promise<Exchanged> {
  const recordings = {} as Exchanged['recordings'];
  for (const [id, { options, calls }] of Object.entries(KINDS) as [KindId, (typeof KINDS)[KindId]][]) {
    const record = createRecorder({ record: 'all' });
    const common = { config: { key: 'value' }, logger: {}, logLevel: 'info', record } as const;
    const plugin = await createPlugin(modules[id], { ...common, ...options() });
    const { isolation } = plugin.report;
    for (const name of calls) await plugin.call(name, name === 'http' ? REQUEST : 'key').catch(() => {});
    await plugin.close();
    recordings[id] = { isolation, text: record.recordings()[0]! };
  }
  return { runtime, recordings };
}

/** Replays the recordings of another runtime here. Returns the differences; empty where all are the same. */
export async function replayHere(
  { recordings }: Exchanged,
  modules: Modules,
  runInWorker = false,
): Promise<string[]> {
  const problems: string[] = [];
  for (const [id, { calls }] of Object.entries(KINDS) as [KindId, (typeof KINDS)[KindId]][]) {
    const { text } = recordings[id];
    const report = await replay(text, { wasm: modules[id], runInWorker }).catch((error: Error) => ({
      error,
    }));
    if ('error' in report) problems.push(`${id}: ${report.error.message}`);
    else if (!report.isSame || report.recorded !== calls.length + 1)
      problems.push(`${id}: ${JSON.stringify([report.recorded, report.divergence, report.differences])}`);
  }
  return problems;
}

/** The runtimes whose recordings are committed, in recordings/. */
export const RECORDED_ON = ['node-at-hand', 'node', 'deno', 'bun', 'workerd', 'chromium', 'firefox'] as const;
