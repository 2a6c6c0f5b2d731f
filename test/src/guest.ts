import type { PlainType } from '../../abi/encode.ts';
import type { HostFunction, Plugin, PluginOptions } from '../../src/node.ts';
import { buildModule, type FunctionShape } from '../helpers/build-module.ts';
import { createPlugin } from '../helpers/modes.ts';

const ENV = 'extism:host/env';
const USER = 'extism:host/user';

const IMPORTS = {
  alloc: { module: ENV, params: ['i64'], results: ['i64'] },
  store_u8: { module: ENV, params: ['i64', 'i32'] },
  load_u8: { module: ENV, params: ['i64'], results: ['i32'] },
  length: { module: ENV, params: ['i64'], results: ['i64'] },
  input_offset: { module: ENV, results: ['i64'] },
  input_length: { module: ENV, results: ['i64'] },
  output_set: { module: ENV, params: ['i64', 'i64'] },
  error_set: { module: ENV, params: ['i64'] },
  error_get: { module: ENV, results: ['i64'] },
  var_set: { module: ENV, params: ['i64', 'i64'] },
  var_get: { module: ENV, params: ['i64'], results: ['i64'] },
  http_request: { module: ENV, params: ['i64', 'i64'], results: ['i64'] },
  config_get: { module: ENV, params: ['i64'], results: ['i64'] },
  proc_exit: { module: 'wasi_snapshot_preview1', params: ['i32'] },
  /** Passes a number to the test. */
  mark: { module: USER, params: ['i32'] },
  /** Calls the function given by the test. */
  host: { module: USER },
} as const satisfies Record<string, FunctionShape & { module: string }>;

type ImportName = keyof typeof IMPORTS;
/** Code of a function without its final `end`; the name of an import means a call of it. */
export type Body = readonly string[];

export const i32 = (value: number): Body => [`i32.const ${value}`];
export const i64 = (value: number): Body => [`i64.const ${value}`];
export const mark = (value: number): Body => [...i32(value), 'mark'];

/** Handle of the first block of a call without input. */
export const FIRST = 64;

/** Allocates a block for `text`, which must be the first one of the call. */
export const place = (text: string): Body => [
  ...i64(text.length),
  'alloc',
  'drop',
  ...[...text].flatMap((char, at) => [...i64(FIRST + at), ...i32(char.charCodeAt(0)), 'store_u8']),
];

/** Allocates a block for `text`, and keeps its handle in local 0, an i64. */
export const hold = (text: string): Body => [
  ...[...i64(text.length), 'alloc', 'local.set 0'],
  ...[...text].flatMap((char, at) => [
    ...['local.get 0', ...i64(at), 'i64.add'],
    ...i32(char.charCodeAt(0)),
    'store_u8',
  ]),
];

/** `i32.load` and `i32.store` at address 0 of the plugin's own memory. */
const load = [...i32(0), 'i32.load 0'];
/** Adds 1 to a counter in the plugin's memory, and marks it. */
export const count: Body = [...i32(0), ...load, ...i32(1), 'i32.add', 'i32.store', ...load, 'mark'];

export type GuestFunctions = Readonly<
  Record<string, Body | (FunctionShape & { body: Body; locals?: readonly PlainType[] })>
>;

/**
 * A module that exports these functions and a memory, and imports the functions that they call.
 * @param start index of the function that runs at instantiation
 */
export function buildGuest(functions: GuestFunctions, start?: number): Uint8Array<ArrayBuffer> {
  const shapes = Object.entries(functions).map(([name, given]) =>
    'body' in given ? { name, ...given } : { name, body: given },
  );
  const names = (Object.keys(IMPORTS) as ImportName[]).filter(name =>
    shapes.some(({ body }) => body.includes(name)),
  );
  return buildModule({
    imports: names.map(name => ({ name, ...IMPORTS[name] })),
    functions: shapes.map(({ body, ...shape }) => ({
      ...shape,
      body: body.map(item => (Object.hasOwn(IMPORTS, item) ? `call ${item}` : item)),
    })),
    memoryPages: 1,
    ...(start !== undefined && { start }),
  });
}

export interface Guest {
  plugin: Plugin;
  /** The numbers that the plugin passed to `mark` so far. */
  marks: number[];
}

export async function createGuest(
  functions: GuestFunctions | Uint8Array<ArrayBuffer>,
  { host = () => {}, ...options }: PluginOptions & { host?: HostFunction } = {},
): Promise<Guest> {
  const marks: number[] = [];
  const bytes = functions instanceof Uint8Array ? functions : buildGuest(functions);
  const plugin = await createPlugin(bytes, {
    ...options,
    functions: { [USER]: { mark: (_, value: number) => void marks.push(value), host } },
  });
  return { plugin, marks };
}
