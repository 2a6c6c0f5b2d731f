import { jspi } from '../../src/engine/jspi.ts';
import { type CallContext, createPlugin, type Plugin } from '../../src/node.ts';
import { buildModule, op } from './build-module.ts';

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
type ImportName = (typeof IMPORTS)[number]['name'];

const code = (...body: readonly (number | ImportName)[]): number[] =>
  body.flatMap(item =>
    typeof item === 'number' ? item : [op.call, IMPORTS.findIndex(({ name }) => name === item)],
  );
const ZERO = [op.i64Const, 0] as const;

/** Bodies of functions that pass a block to the host as a text. */
const USES = {
  error_set: code('block', 'error_set'),
  log_error: code('block', 'log_error'),
  config_get: code('block', 'config_get', op.drop),
  var_get: code('block', 'var_get', op.drop),
  var_set: code('block', ...ZERO, 'var_set'),
  http_request: code('block', ...ZERO, 'http_request', op.drop),
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
      body: [...op.try, ...body, op.catchAll, op.end],
    })),
    { name: 'output', body: code('block', 'size', 'output_set') },
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
