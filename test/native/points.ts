import type { HostFunction, PluginOptions } from '../../src/node.ts';
import { buildModule } from '../helpers/build-module.ts';
import { type Body, buildGuest, hold, i32, i64 } from '../src/guest.ts';

/** A point of the ABI where hosts may differ: the same module and the same calls on native and here. */
export interface Point {
  point: string;
  /** The row of docs/ABI.md about it, without `abi.`. */
  row: string;
  wasm: () => Uint8Array<ArrayBuffer>;
  /** Keys of the manifest, in the spelling that native reads. */
  manifest?: object;
  /** The exports that are called. */
  calls: readonly string[];
  /** More calls before these on native, where its host has no function for it. */
  nativeBefore?: readonly string[];
  /** Options of `createPlugin` for the same. */
  options?: PluginOptions;
  /** The host function `host`. */
  host?: HostFunction;
  /** A result for each call: an output in quotation marks, or an error. See run.ts. */
  native: readonly string[];
  here: readonly string[];
}

const WASI = 'wasi_snapshot_preview1';
const setError: Body = [...hold('TEST'), 'local.get 0', 'error_set'];
const takeBack: Body = [...i64(0), 'error_set'];
/** Sets the variable with the empty name. */
const setVariable: Body = [...hold('value'), ...i64(0), 'local.get 0', 'var_set'];
const getVariable: Body = [...i64(0), 'var_get', 'local.tee 0', 'local.get 0', 'length', 'output_set'];
const forever: Body = ['loop', 'br 0', 'end'];
const badHandle: Body = [...i64(9), 'config_get', 'drop'];
const fine: Body = [];

const guest =
  (functions: Record<string, Body>, results: Record<string, readonly ['i64']> = {}) =>
  () =>
    buildGuest(
      Object.fromEntries(
        Object.entries(functions).map(([name, body]) => [
          name,
          { body, locals: ['i64'], ...(results[name] && { results: results[name] }) },
        ]),
      ),
    );

/** Ends after an error text: all have that text as message, on both hosts. */
const afterText: [name: string, end: Body, code: string, more?: Pick<Point, 'manifest'>][] = [
  ['a trap', ['unreachable'], 'TRAP'],
  ['endless recursion', ['call run'], 'STACK_OVERFLOW'],
  ['proc_exit(0)', [...i32(0), 'proc_exit'], 'EXIT'],
  ['proc_exit(3)', [...i32(3), 'proc_exit'], 'EXIT'],
  ['an invalid handle for a key', badHandle, 'INVALID_HANDLE'],
  ['an invalid handle for a value', [...i64(0), ...i64(9), 'var_set'], 'INVALID_HANDLE'],
  ['a variable over the limit', [...i64(0), ...i64(2 ** 21), 'alloc', 'var_set'], 'VAR_LIMIT'],
  [
    'a variable where none are allowed',
    [...i64(0), ...i64(0), 'var_set'],
    'VARS_DISABLED',
    { manifest: { memory: { max_var_bytes: 0 } } },
  ],
  ['a request where no host is allowed', [...i64(0), ...i64(0), 'http_request', 'drop'], 'HTTP_NOT_ENABLED'],
  [
    'a block over the limit',
    [...i64(2 ** 22), 'alloc', 'drop'],
    'MEMORY_LIMIT',
    { manifest: { memory: { max_pages: 20 } } },
  ],
  ['a time-out', forever, 'TIMEOUT', { manifest: { timeout_ms: 200 } }],
];

const ROWS_AFTER_TEXT: Readonly<Record<string, string>> = {
  TRAP: 'result-trap-error',
  EXIT: 'result-exit-error',
};

export const POINTS: readonly Point[] = [
  {
    point: 'a module that imports WASI and exports no memory',
    row: 'link-wasi-memory',
    wasm: () =>
      buildModule({
        imports: [
          { module: WASI, name: 'random_get', params: ['i32', 'i32'], results: ['i32'] },
          { module: WASI, name: 'sched_yield', results: ['i32'] },
          { module: WASI, name: 'proc_exit', params: ['i32'] },
        ],
        functions: [
          { name: 'fine', body: [] },
          { name: 'random', body: [...i32(0), ...i32(4), 'call random_get', 'drop'] },
          { name: 'yields', body: ['call sched_yield', 'drop'] },
          { name: 'exits', body: [...i32(3), 'call proc_exit'] },
        ],
      }),
    calls: ['fine', 'random', 'yields', 'exits', 'fine'],
    native: ['""', 'trap', 'trap', 'trap', '""'],
    here: ['none', 'WASI_NO_MEMORY', 'none', 'EXIT', 'none'],
  },
  ...afterText.map(
    ([name, end, code, more]): Point => ({
      point: `an error text, then ${name}`,
      row: ROWS_AFTER_TEXT[code] ?? 'result-stop-error',
      wasm: guest({ run: [...setError, ...end], fine }),
      ...more,
      calls: ['run', 'fine'],
      native: ['error "TEST"', '""'],
      here: [`${code} "TEST"`, 'none'],
    }),
  ),
  {
    point: 'an error text, then a result of another type',
    row: 'result-type',
    wasm: guest({ run: [...setError, ...i64(0)], fine }, { run: ['i64'] }),
    calls: ['run', 'fine'],
    native: ['error "TEST"', '""'],
    here: ['BAD_SIGNATURE', 'none'],
  },
  {
    point: 'an invalid handle without an error text',
    row: 'key-invalid',
    wasm: guest({ run: badHandle, fine }),
    calls: ['run', 'fine'],
    native: ['trap', '""'],
    here: ['INVALID_HANDLE', 'none'],
  },
  {
    point: 'a time-out without an error text',
    row: 'result-stop-error',
    wasm: guest({ run: forever, fine }),
    manifest: { timeout_ms: 200 },
    calls: ['run', 'fine'],
    native: ['error "timeout"', '""'],
    here: ['TIMEOUT', 'none'],
  },
  {
    point: 'an error text that is taken back',
    row: 'error-zero',
    wasm: guest({ run: [...setError, ...takeBack] }),
    calls: ['run'],
    native: ['""'],
    here: ['none'],
  },
  {
    point: 'an empty error text',
    row: 'error-empty',
    wasm: guest({ run: [...setError, ...i64(0), 'alloc', 'error_set', 'host'] }),
    // Here the host does the same once more. The Python package has no function for it.
    host: context => {
      context.setError('TEST');
      context.setError('');
    },
    calls: ['run'],
    native: ['""'],
    here: ['none'],
  },
  {
    point: 'an error text that is taken back, then an invalid handle',
    row: 'key-invalid',
    wasm: guest({ run: [...setError, ...takeBack, ...badHandle] }),
    calls: ['run'],
    native: ['trap'],
    here: ['INVALID_HANDLE'],
  },
  {
    point: 'an error text of the call before',
    row: 'call-clears',
    wasm: guest({ run: [...setError, 'local.get 0', ...i64(4), 'output_set'], looks: ['error_get', 'drop'] }),
    calls: ['run', 'looks'],
    native: ['error "TEST"', '""'],
    here: ['PLUGIN_ERROR "TEST"', 'none'],
  },
  {
    point: 'a variable that the host presets; on native the plugin sets it',
    row: 'var-preset',
    wasm: guest({ sets: setVariable, gets: getVariable }),
    nativeBefore: ['sets'],
    options: { vars: { '': 'value' } },
    calls: ['gets'],
    native: ['"value"'],
    here: ['"value"'],
  },
  {
    point: 'a preset variable and one of the plugin that go over the limit together',
    row: 'var-preset',
    wasm: guest({
      sets: setVariable,
      gets: getVariable,
      more: [...hold('k'), 'local.get 0', ...i64(60), 'alloc', 'var_set'],
    }),
    manifest: { memory: { max_var_bytes: 64 } },
    nativeBefore: ['sets'],
    options: { vars: { '': 'value' } },
    calls: ['more', 'gets'],
    native: ['trap', '"value"'],
    here: ['VAR_LIMIT', '"value"'],
  },
  {
    point: 'the instance after a trap',
    row: 'after-trap',
    wasm: guest({ counts: [...counted()], traps: ['unreachable'] }),
    calls: ['counts', 'traps', 'counts'],
    native: ['"1"', 'trap', '"2"'],
    here: ['"1"', 'TRAP', '"1"'],
  },
  {
    point: 'the instance after proc_exit',
    row: 'after-exit',
    wasm: guest({ counts: [...counted()], exits: [...i32(0), 'proc_exit'] }),
    calls: ['counts', 'exits', 'counts'],
    native: ['"1"', '""', '"2"'],
    here: ['"1"', 'none', '"1"'],
  },
  {
    point: 'the instance after a time-out',
    row: 'after-trap',
    wasm: guest({ counts: [...counted()], loops: forever }),
    manifest: { timeout_ms: 200 },
    calls: ['counts', 'loops', 'counts'],
    native: ['"1"', 'error "timeout"', '"2"'],
    here: ['"1"', 'TIMEOUT', '"1"'],
  },
  {
    point: 'the instance after an error text',
    row: 'after-error',
    wasm: guest({ counts: [...counted()], fails: setError }),
    calls: ['counts', 'fails', 'counts'],
    native: ['"1"', 'error "TEST"', '"2"'],
    here: ['"1"', 'PLUGIN_ERROR "TEST"', '"2"'],
  },
];

/** Adds 1 to a counter in the memory of the plugin, and returns it as a digit. */
function counted(): Body {
  const load = [...i32(0), 'i32.load 0'];
  return [
    ...[...i32(0), ...load, ...i32(1), 'i32.add', 'i32.store'],
    ...[...i64(1), 'alloc', 'local.tee 0', ...load, ...i32('0'.charCodeAt(0)), 'i32.add', 'store_u8'],
    ...['local.get 0', ...i64(1), 'output_set'],
  ];
}
