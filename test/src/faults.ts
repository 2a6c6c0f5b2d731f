import { jspi } from '../../src/engine/jspi.ts';
import {
  type CallError,
  createPlugin,
  hostFunction,
  type Plugin,
  type PluginOptions,
  values,
} from '../../src/node.ts';
import { buildModule } from '../helpers/build-module.ts';

/** The ways in which a plugin can run. */
export const MODES = ['inline', 'suspending', 'worker'] as const;
export type Mode = (typeof MODES)[number];

export const lackingMode = (mode: Mode): string | null =>
  mode === 'suspending' && !jspi ? 'this engine cannot suspend a plugin' : null;

/** The error text that `waitAfterText` and `sendAfterText` set first. */
export const TEXT = '!';
const setError = [
  ...['i64.const 1', 'call alloc', 'local.tee 0', `i32.const ${TEXT.charCodeAt(0)}`, 'call store_u8'],
  ...['local.get 0', 'call error_set'],
];
const WASM = buildModule({
  imports: [
    { module: 'host', name: 'wait', results: ['i32'] },
    { module: 'extism:host/env', name: 'http_request', params: ['i64', 'i64'], results: ['i64'] },
    { module: 'extism:host/env', name: 'input_offset', results: ['i64'] },
    { module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] },
    { module: 'extism:host/env', name: 'store_u8', params: ['i64', 'i32'] },
    { module: 'extism:host/env', name: 'error_set', params: ['i64'] },
  ],
  functions: [
    { name: 'wait', results: ['i32'], body: ['call 0'] },
    { name: 'waitAndCatch', body: ['try', 'call 0', 'drop', 'catch_all', 'end'] },
    { name: 'send', body: ['call 2', 'i64.const 0', 'call 1', 'drop'] },
    {
      name: 'sendAndCatch',
      body: ['try', 'call 2', 'i64.const 0', 'call 1', 'drop', 'catch_all', 'end'],
    },
    { name: 'waitAfterText', results: ['i32'], locals: ['i64'], body: [...setError, 'call wait'] },
    {
      name: 'sendAfterText',
      locals: ['i64'],
      body: [...setError, 'call input_offset', 'i64.const 0', 'call http_request', 'drop'],
    },
    { name: 'fine', body: [] },
  ],
});
const URL_A = 'https://a.test/';

/** The objects that a fault acts on. */
export interface Scene {
  plugin: Plugin;
  /** Its signal was passed to the call. */
  controller: AbortController;
}

export interface Fault {
  name: string;
  /** The host function. If it is set, the plugin calls it. */
  wait?: (scene: Scene) => unknown;
  /** The server. If it is set, the plugin sends a request to it. */
  answer?: (scene: Scene, signal: AbortSignal) => Response | Promise<Response>;
  /** Run before the call (`before`) and just after it was made (`meanwhile`). */
  before?: (scene: Scene) => void;
  meanwhile?: (scene: Scene) => void;
  /** The code that the call ends with, null for success; a single code if it is the same in all modes. */
  code: string | null | Readonly<Record<Mode, string | null>>;
  /** Whether the plugin is closed afterwards. */
  closes?: true;
}

const never = () => new Promise<never>(() => {});
const soon = (what: () => void) => void setTimeout(what, 1);
const codeOf = (call: Promise<unknown>): Promise<string | null> =>
  call.then(
    () => null,
    error => (error as CallError).code,
  );

/** An inline plugin cannot wait: neither for a promise nor for a response. */
const waiting = (code: string | null) => ({
  inline: 'HOST_FUNCTION_ASYNC',
  suspending: code,
  worker: code,
});
const served = (code: string | null) => ({ inline: 'HTTP_NOT_ENABLED', suspending: code, worker: code });

const redirect = (location: string) => new Response(null, { status: 302, headers: { location } });
/** The body of a response: an error after `parts` parts, or parts without end. */
const body = (parts: number, end: 'fails' | 'never ends'): ReadableStream<Uint8Array> => {
  let sent = 0;
  return new ReadableStream({
    pull: controller => {
      if (end === 'fails' && sent++ === parts) controller.error(new Error('the connection broke'));
      else controller.enqueue(new Uint8Array(1000));
    },
  });
};

export const FAULTS: readonly Fault[] = [
  {
    name: 'a host function throws',
    wait: () => {
      throw new Error('kaputt');
    },
    code: 'HOST_FUNCTION_FAILED',
  },
  {
    name: 'a host function rejects',
    wait: () => Promise.reject(new Error('kaputt')),
    code: waiting('HOST_FUNCTION_FAILED'),
  },
  {
    name: 'a host function never settles, and the call is aborted',
    wait: ({ controller }) => {
      soon(() => controller.abort());
      return never();
    },
    code: waiting('ABORTED'),
  },
  {
    name: 'a host function never settles, and the plugin is closed',
    wait: ({ plugin }) => {
      soon(() => void plugin.close());
      return never();
    },
    code: waiting('CLOSED'),
    closes: true,
  },
  {
    name: 'a host function calls the plugin again',
    wait: ({ plugin }) => {
      void codeOf(plugin.call('fine'));
      return 0;
    },
    code: null,
  },
  {
    name: 'a host function calls the plugin again, and waits for it',
    wait: async ({ plugin }) => ((await codeOf(plugin.call('fine'))) === 'REENTRANT_CALL' ? 0 : 1),
    code: waiting(null),
  },
  {
    name: 'a host function calls the plugin again after a while, and waits for it',
    wait: async ({ plugin }) => {
      await new Promise(resolve => setTimeout(resolve, 1));
      const code = await codeOf(plugin.call('fine'));
      return code === 'REENTRANT_CALL' || code === 'QUEUE_TIMEOUT' ? 0 : 1;
    },
    code: waiting(null),
  },
  {
    name: 'a host function closes the plugin',
    wait: ({ plugin }) => {
      void plugin.close();
      return 0;
    },
    code: 'CLOSED',
    closes: true,
  },
  {
    name: 'a host function closes the plugin, and waits for it',
    wait: ({ plugin }) => plugin.close(),
    code: { inline: 'CLOSED', suspending: 'CLOSED', worker: 'CLOSED' },
    closes: true,
  },
  {
    name: 'the call is aborted before it is made',
    before: ({ controller }) => controller.abort(),
    code: 'ABORTED',
  },
  {
    name: 'the call is aborted by its host function',
    wait: ({ controller }) => {
      controller.abort();
      return 0;
    },
    // An inline call ends before the host can see the signal.
    code: { inline: null, suspending: 'ABORTED', worker: 'ABORTED' },
  },
  {
    name: 'the call is aborted when it is made',
    meanwhile: ({ controller }) => controller.abort(),
    code: { inline: null, suspending: 'ABORTED', worker: 'ABORTED' },
  },
  {
    name: 'the plugin is closed when the call is made',
    meanwhile: ({ plugin }) => void plugin.close(),
    code: { inline: null, suspending: 'CLOSED', worker: 'CLOSED' },
    closes: true,
  },
  {
    name: 'a server refuses',
    answer: () => {
      throw new TypeError('connection refused');
    },
    code: served('HTTP_FAILED'),
  },
  {
    name: 'a server stalls, and the call is aborted',
    answer: ({ controller }, signal) => {
      soon(() => controller.abort());
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    },
    code: served('ABORTED'),
  },
  {
    name: 'a server stalls and ignores the abort, and the call is aborted',
    answer: ({ controller }) => {
      soon(() => controller.abort());
      return never();
    },
    code: served('ABORTED'),
  },
  {
    name: 'a server stalls, and the plugin is closed',
    answer: ({ plugin }) => {
      soon(() => void plugin.close());
      return never();
    },
    code: served('CLOSED'),
    closes: true,
  },
  {
    name: 'a server sends half a body',
    answer: () => new Response(body(2, 'fails')),
    code: served('HTTP_FAILED'),
  },
  {
    name: 'a server sends too much',
    answer: () => new Response(body(0, 'never ends')),
    code: served('HTTP_RESPONSE_LIMIT'),
  },
  { name: 'a server redirects in a loop', answer: () => redirect('/'), code: served('HTTP_FAILED') },
  {
    name: 'a server redirects to a host that is not allowed',
    answer: () => redirect('https://b.test/'),
    code: served('HTTP_DENIED'),
  },
];

export const codeIn = ({ code }: Fault, mode: Mode): string | null =>
  code !== null && typeof code === 'object' ? code[mode] : code;

/** The exports that meet a fault. The second one catches the exception. */
export const callsOf = ({ answer }: Fault): readonly string[] =>
  answer ? ['send', 'sendAndCatch'] : ['wait', 'waitAndCatch'];

/** The result of a fault that happened to a plugin once. */
export interface Aftermath {
  mode: string;
  code: string | null;
  /** The message of the error; undefined for success. */
  message: string | undefined;
  /** Codes of the next call of the same function, and of a call that does nothing. */
  next: (string | null)[];
}

/** Makes a fault happen to a new plugin. */
export async function happen(
  fault: Fault,
  mode: Mode,
  name: string,
  { leaves = false }: { leaves?: boolean } = {},
): Promise<Aftermath> {
  const controller = new AbortController();
  const made: Partial<Scene> = { controller };
  const scene = made as Scene;
  let isOver = false;
  const wait = () => (isOver ? 0 : (fault.wait?.(scene) ?? 0));
  const fetch = async (_: URL, { signal }: RequestInit) =>
    isOver ? new Response('fine') : fault.answer!(scene, signal!);
  const plugin = await createPlugin(WASM, optionsFor(mode, wait, fetch as typeof globalThis.fetch));
  made.plugin = plugin;
  fault.before?.(scene);
  const input = JSON.stringify({ url: URL_A });
  const call = plugin.call(name, input, null, { signal: controller.signal });
  const failed = call.then(
    () => null,
    error => error as CallError,
  );
  fault.meanwhile?.(scene);
  const error = await failed;
  isOver = true;
  // An inline call may end before the fault closes the plugin.
  if (fault.closes) await plugin.close();
  const next = [await codeOf(plugin.call(name, input)), await codeOf(plugin.call('fine'))];
  if (!leaves) await plugin.close();
  return { mode: plugin.report.isolation, code: error?.code ?? null, message: error?.message, next };
}

function optionsFor(mode: Mode, wait: () => unknown, fetch: typeof globalThis.fetch): PluginOptions {
  if (mode === 'inline') return { functions: { host: { wait } } };
  const later = hostFunction({ result: values.i32, isAsync: true }, async () => (await wait()) as number);
  return {
    functions: { host: { wait: later } },
    allowedHosts: ['a.test'],
    memory: { maxHttpResponseBytes: 5000 },
    fetch,
    runInWorker: mode === 'worker',
    queueTimeoutMs: 50,
  };
}
