import { jspi } from '../../src/engine/jspi.ts';
import { type CallContext, createPlugin, type Plugin } from '../../src/node.ts';
import { buildModule } from './build-module.ts';

/** The ways in which a plugin can run. */
export const TEXT_MODES = ['inline', 'suspending', 'worker'] as const;
export type TextMode = (typeof TEXT_MODES)[number];
export const lackingMode = (mode: TextMode): string | null =>
  mode === 'suspending' && !jspi ? 'this engine cannot suspend a plugin' : null;

const ENV = 'extism:host/env';
const IMPORTS = [
  { module: 'test', name: 'block', results: ['i64'] },
  { module: 'test', name: 'size', results: ['i64'] },
  { module: ENV, name: 'error_set', params: ['i64'] },
  { module: ENV, name: 'log_error', params: ['i64'] },
  { module: ENV, name: 'config_get', params: ['i64'], results: ['i64'] },
  { module: ENV, name: 'var_get', params: ['i64'], results: ['i64'] },
  { module: ENV, name: 'var_set', params: ['i64', 'i64'] },
  { module: ENV, name: 'http_request', params: ['i64', 'i64'], results: ['i64'] },
  { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
] as const;

/** Bodies of functions that pass a block to the host as a text. */
const USES = {
  error_set: ['call block', 'call error_set'],
  log_error: ['call block', 'call log_error'],
  config_get: ['call block', 'call config_get', 'drop'],
  var_get: ['call block', 'call var_get', 'drop'],
  var_set: ['call block', 'i64.const 0', 'call var_set'],
  http_request: ['call block', 'i64.const 0', 'call http_request', 'drop'],
} as const;
export type Use = keyof typeof USES;

/** The uses whose text is read. An inline plugin sends no request, so that text is not read. */
export const usesIn = (mode: TextMode): Use[] =>
  (Object.keys(USES) as Use[]).filter(use => mode !== 'inline' || use !== 'http_request');

const WASM = buildModule({
  imports: IMPORTS,
  functions: [
    ...Object.entries(USES).map(([name, body]) => ({ name, body })),
    ...Object.entries(USES).map(([name, body]) => ({
      name: `${name} and catch`,
      body: ['try', ...body, 'catch_all', 'end'],
    })),
    { name: 'output', body: ['call block', 'call size', 'call output_set'] },
    { name: 'fine', body: [] },
  ],
});

export interface TextPlugin {
  plugin: Plugin;
  /** Lengths of the messages that were logged. */
  logged: number[];
}

/** A plugin that hands the block that `block` makes, of `size` bytes, to the host as a text. */
export async function createTextPlugin(
  mode: TextMode,
  size: number,
  block: (context: CallContext) => bigint = context => context.alloc(size),
): Promise<TextPlugin> {
  const logged: number[] = [];
  const plugin = await createPlugin(WASM, {
    functions: { test: { block, size: () => BigInt(size) } },
    runInWorker: mode === 'worker',
    logLevel: 'error',
    logger: { error: (text: string) => void logged.push(text.length) },
    ...(mode !== 'inline' && {
      allowedHosts: ['a.test'],
      fetch: async () => new Response('pong'),
    }),
  });
  return { plugin, logged };
}
