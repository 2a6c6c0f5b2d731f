import {
  type EnvFunctionName,
  type EnvParams,
  type EnvResults,
  type EnvThread,
  envSignatures,
  type WasmType,
} from './signatures.ts';

/**
 * The use of a value, by which a trace shows it. `number`: an address, a length or another count. `word`: bytes that a load or
 * store moves. The others are handles: `handle` of a block whose bytes do not matter, `content` and `key` of bytes that count,
 * `config` of a config value, `request` and `headers` of JSON with HTTP headers.
 */
export type EnvValueKind =
  | 'number'
  | 'word'
  | 'handle'
  | 'content'
  | 'key'
  | 'config'
  | 'request'
  | 'headers';

export interface EnvValue {
  name: string;
  type: WasmType;
  kind: EnvValueKind;
  /** The meaning, with its unit. */
  meaning: string;
}

/** The documentation of a function, besides its signature. */
interface Row {
  /** The behaviour for arguments outside the documented meanings. */
  onBadInput: string;
  /** Who frees the blocks that are passed or returned. */
  ownership: string;
  /** The origin of the behaviour, with the differences from it. */
  source: string;
}

/** One import of `extism:host/env`. */
export interface EnvFunction extends Row {
  name: EnvFunctionName;
  params: readonly EnvValue[];
  results: readonly EnvValue[];
  /** The thread that runs it for a plugin in a worker. */
  thread: EnvThread;
}

/** A parameter or result, whose type stands in the signature. */
type Value = Omit<EnvValue, 'type'>;
/** One value for each type of a signature. */
type Values<Types extends readonly WasmType[]> = { readonly [Index in keyof Types]: Value };

type Rows = {
  readonly [Name in EnvFunctionName]: Row & {
    params: Values<EnvParams<Name>>;
    results: Values<EnvResults<Name>>;
  };
};

const NATIVE = "Extism's native kernel";
const HOST = "Extism's native runtime";
const NONE = 'No block is passed.';

const handle = (meaning = 'handle of a block', kind: EnvValueKind = 'handle'): Value => ({
  name: 'handle',
  kind,
  meaning,
});
const bytes = (name: string, meaning: string): Value => ({ name, kind: 'number', meaning });
const address = bytes('address', 'byte offset into the kernel memory, all 64 bits count');
const offset = bytes('offset', 'byte offset from the start of the input');
const byte: Value = { name: 'value', kind: 'word', meaning: 'one byte, unsigned' };
const word: Value = { name: 'value', kind: 'word', meaning: 'eight bytes, little endian' };
const key: Value = { name: 'key', kind: 'key', meaning: 'handle of the key in UTF-8; 0 is the empty key' };

export const outside = 'An address below 64, or on a page that no block of this call has reached,';
const range =
  'A range that loads do not reach is ignored, with a diagnostic. Any other range counts, whether or not it is a block.';
const afterCall = 'The host frees the key when the call is over';
export const LONGEST = 'more than 2^29 − 24 bytes (row `abi.text-length`)';
export const badKey = `An invalid key handle, or a key that is not UTF-8 or has ${LONGEST}, ends the call.`;

const log: Rows['log_trace'] = {
  params: [handle('handle of the message in UTF-8; 0 is the empty message', 'content')],
  results: [],
  onBadInput: `When the level is on, an invalid handle or a message of ${LONGEST} ends the call; bytes that are not UTF-8 become U+FFFD. When the level is off, the call does nothing.`,
  ownership: 'The host frees the message when the call is over.',
  source: `${HOST}, which logs an error line for text that is not UTF-8.`,
};

const rows: Rows = {
  alloc: {
    params: [bytes('length', 'bytes wanted')],
    results: [handle('handle of a zeroed block, a multiple of 16, or 0')],
    onBadInput:
      'Returns 0 for a length of 0 or beyond 4 GiB, and when the engine has no more memory. A length over the configured limit ends the call.',
    ownership: 'The plugin owns the block until the call is over.',
    source: `${NATIVE}, which differs for reused blocks and for lengths near 2^64.`,
  },
  free: {
    params: [handle()],
    results: [],
    onBadInput: '0 does nothing. A freed, unknown or interior handle does nothing, with a diagnostic.',
    ownership:
      'Frees the block. Freeing the input makes its length 0; freeing the output keeps the output as it was set.',
    source: NATIVE,
  },
  length: {
    params: [handle()],
    results: [bytes('length', 'bytes of the block')],
    onBadInput: 'Returns 0 for 0 and for a freed, unknown or interior handle.',
    ownership: 'No ownership changes.',
    source: NATIVE,
  },
  length_unsafe: {
    params: [handle()],
    results: [bytes('length', 'bytes of the block')],
    onBadInput: 'As length.',
    ownership: 'No ownership changes.',
    source: `${NATIVE}, which reads a length from the bytes before an invalid handle, without a check.`,
  },
  load_u8: {
    params: [address],
    results: [byte],
    onBadInput: `${outside} reads as 0.`,
    ownership: NONE,
    source: `${NATIVE}, which traps when the access ends exactly one byte past the memory.`,
  },
  load_u64: {
    params: [address],
    results: [word],
    onBadInput: `${outside} reads as 0, also when only the last byte is outside.`,
    ownership: NONE,
    source: `${NATIVE}, which traps when the access ends exactly one byte past the memory.`,
  },
  store_u8: {
    params: [address, { ...byte, meaning: 'the low byte is stored' }],
    results: [],
    onBadInput: `${outside} stores nothing.`,
    ownership: NONE,
    source: `${NATIVE}, which traps when the access ends exactly one byte past the memory.`,
  },
  store_u64: {
    params: [address, word],
    results: [],
    onBadInput: `${outside} stores nothing, also when only the last byte is outside.`,
    ownership: NONE,
    source: `${NATIVE}, which traps when the access ends exactly one byte past the memory.`,
  },
  input_offset: {
    params: [],
    results: [bytes('address', 'where the input starts in the kernel memory; 0 for an empty input')],
    onBadInput: 'Impossible, because there are no parameters.',
    ownership: 'The host owns the input until the call is over.',
    source: NATIVE,
  },
  input_length: {
    params: [],
    results: [bytes('length', 'bytes of the input')],
    onBadInput: 'Impossible, because there are no parameters.',
    ownership: NONE,
    source: NATIVE,
  },
  input_load_u8: {
    params: [offset],
    results: [byte],
    onBadInput: 'Returns 0 for an offset at or beyond the length of the input.',
    ownership: NONE,
    source: NATIVE,
  },
  input_load_u64: {
    params: [offset],
    results: [word],
    onBadInput: 'Returns 0 when fewer than eight bytes are left, and for any other 64-bit offset.',
    ownership: NONE,
    source: `${NATIVE}, where an offset from -8 to -1 reads before the input.`,
  },
  input_set: {
    params: [bytes('address', 'start of a range'), bytes('length', 'bytes')],
    results: [],
    onBadInput: range,
    ownership: 'The range becomes the input; ownership of its block does not change.',
    source: `${NATIVE}, which ignores (0, 0).`,
  },
  output_set: {
    params: [bytes('address', 'start of a range, in a block or not'), bytes('length', 'bytes')],
    results: [],
    onBadInput: range,
    ownership:
      'The host copies the range when the export has returned. The last valid call wins; (0, 0) is an empty output.',
    source: `${NATIVE}, which ignores (0, 0).`,
  },
  output_offset: {
    params: [],
    results: [bytes('address', 'start of the output set so far, 0 without')],
    onBadInput: 'Impossible, because there are no parameters.',
    ownership: NONE,
    source: NATIVE,
  },
  output_length: {
    params: [],
    results: [bytes('length', 'bytes of the output set so far, 0 without')],
    onBadInput: 'Impossible, because there are no parameters.',
    ownership: NONE,
    source: NATIVE,
  },
  error_set: {
    params: [handle('handle of the error text in UTF-8; 0 takes an error back', 'content')],
    results: [],
    onBadInput: `An invalid handle sets the error "invalid error handle", with a diagnostic. Bytes that are not UTF-8 become U+FFFD. A text of ${LONGEST} ends the call.`,
    ownership: 'The text is copied at once; the plugin still owns the block.',
    source: `${NATIVE}, which ignores an invalid handle and loses the text of a block freed later.`,
  },
  error_get: {
    params: [],
    results: [handle('handle given to error_set, 0 without')],
    onBadInput: 'Impossible, because there are no parameters.',
    ownership: 'No ownership changes.',
    source: NATIVE,
  },
  reset: {
    params: [],
    results: [],
    onBadInput: 'Impossible, because there are no parameters.',
    ownership: 'Frees every block and forgets input, output and error.',
    source: NATIVE,
  },
  memory_bytes: {
    params: [],
    results: [bytes('bytes', 'bytes of kernel memory that loads and stores reach')],
    onBadInput: 'Impossible, because there are no parameters.',
    ownership: NONE,
    source: `${NATIVE}, which starts with 65,472.`,
  },
  config_get: {
    params: [key],
    results: [handle('handle of the value in UTF-8, 0 for a missing or empty one', 'config')],
    onBadInput: `${badKey} Only the configuration's own keys are found.`,
    ownership: `${afterCall}; the plugin owns the value.`,
    source: HOST,
  },
  var_get: {
    params: [key],
    results: [handle('handle of a copy of the value, 0 for a missing or empty one', 'content')],
    onBadInput: badKey,
    ownership: `${afterCall}; the plugin owns the copy.`,
    source: HOST,
  },
  var_set: {
    params: [key, { name: 'value', kind: 'content', meaning: 'handle of the value; 0 deletes the variable' }],
    results: [],
    onBadInput: `${badKey} So does an invalid value handle, or a value that does not fit the limit; the variables stay as they were.`,
    ownership: 'The value is copied; the host frees key and value when the call is over.',
    source: `${HOST}, which counts 48 bytes more for each variable, and a replaced value twice.`,
  },
  http_request: {
    params: [
      handle('handle of the request as JSON: url, method, headers', 'request'),
      { name: 'body', kind: 'content', meaning: 'handle of the body, 0 for none' },
    ],
    results: [handle('handle of the response body, 0 for an empty one', 'content')],
    onBadInput: `A request that is not of this form or has ${LONGEST}, a URL of more than 1,048,576 characters, a host that is not allowed, a response over the limit, or a missing response ends the call. So does every request where HTTP is not enabled. Any status is a response.`,
    ownership: 'The host frees request and body when the call is over; the plugin owns the response.',
    source: `${HOST}, which sends a body with GET and HEAD too; here it is left out, as fetch demands.`,
  },
  http_status_code: {
    params: [],
    results: [{ name: 'status', kind: 'number', meaning: 'status of the last response, 0 before the first' }],
    onBadInput: 'Impossible, because there are no parameters.',
    ownership: NONE,
    source: HOST,
  },
  http_headers: {
    params: [],
    results: [
      handle(
        'handle of the last response headers as JSON, {} before the first, 0 when they are not switched on',
        'headers',
      ),
    ],
    onBadInput: 'Impossible, because there are no parameters.',
    ownership: 'The plugin owns the block.',
    source: HOST,
  },
  log_trace: log,
  log_debug: log,
  log_info: log,
  log_warn: log,
  log_error: log,
  get_log_level: {
    params: [],
    results: [
      { name: 'level', kind: 'number', meaning: 'trace 0, debug 1, info 2, warn 3, error 4, off 2147483647' },
    ],
    onBadInput: 'Impossible, because there are no parameters.',
    ownership: NONE,
    source: HOST,
  },
};

const valuesOf = (values: readonly Value[], types: readonly WasmType[]): EnvValue[] =>
  values.map((value, index) => ({ ...value, type: types[index]! }));

/** Every function that a plugin may import from `extism:host/env`. The tests and docs/ABI.md read these rows. */
export const ENV_FUNCTIONS: readonly EnvFunction[] = (Object.keys(envSignatures) as EnvFunctionName[]).map(
  name => {
    const [params, results, thread] = envSignatures[name];
    const row = rows[name];
    const values = { params: valuesOf(row.params, params), results: valuesOf(row.results, results) };
    return { name, thread, ...row, ...values };
  },
);
