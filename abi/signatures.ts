/** The namespace that the functions are imported from. */
export const ENV_NAMESPACE = 'extism:host/env';

export type WasmType = 'i32' | 'i64';

/**
 * The thread that runs a function of a plugin in a worker. `plugin`: the worker, because the function needs only the kernel memory,
 * which both threads share. `caller`: the thread of the host, which has config, variables, HTTP, logger and the error text.
 */
export type EnvThread = 'plugin' | 'caller';

export type EnvSignature = readonly [
  params: readonly WasmType[],
  results: readonly WasmType[],
  thread: EnvThread,
];

const rows = {
  alloc: [['i64'], ['i64'], 'plugin'],
  free: [['i64'], [], 'plugin'],
  length: [['i64'], ['i64'], 'plugin'],
  length_unsafe: [['i64'], ['i64'], 'plugin'],
  load_u8: [['i64'], ['i32'], 'plugin'],
  load_u64: [['i64'], ['i64'], 'plugin'],
  store_u8: [['i64', 'i32'], [], 'plugin'],
  store_u64: [['i64', 'i64'], [], 'plugin'],
  input_offset: [[], ['i64'], 'plugin'],
  input_length: [[], ['i64'], 'plugin'],
  input_load_u8: [['i64'], ['i32'], 'plugin'],
  input_load_u64: [['i64'], ['i64'], 'plugin'],
  input_set: [['i64', 'i64'], [], 'plugin'],
  output_set: [['i64', 'i64'], [], 'plugin'],
  output_offset: [[], ['i64'], 'plugin'],
  output_length: [[], ['i64'], 'plugin'],
  error_set: [['i64'], [], 'caller'],
  error_get: [[], ['i64'], 'caller'],
  reset: [[], [], 'caller'],
  memory_bytes: [[], ['i64'], 'plugin'],
  config_get: [['i64'], ['i64'], 'caller'],
  var_get: [['i64'], ['i64'], 'caller'],
  var_set: [['i64', 'i64'], [], 'caller'],
  http_request: [['i64', 'i64'], ['i64'], 'caller'],
  http_status_code: [[], ['i32'], 'caller'],
  http_headers: [[], ['i64'], 'caller'],
  log_trace: [['i64'], [], 'caller'],
  log_debug: [['i64'], [], 'caller'],
  log_info: [['i64'], [], 'caller'],
  log_warn: [['i64'], [], 'caller'],
  log_error: [['i64'], [], 'caller'],
  get_log_level: [[], ['i32'], 'caller'],
} as const satisfies Record<string, EnvSignature>;

type Rows = typeof rows;
export type EnvFunctionName = keyof Rows;
export type EnvParams<Name extends EnvFunctionName> = Rows[Name][0];
export type EnvResults<Name extends EnvFunctionName> = Rows[Name][1];
/** The names of the functions that a thread runs. */
export type EnvNamesOn<Thread extends EnvThread> = {
  [Name in EnvFunctionName]: Rows[Name][2] extends Thread ? Name : never;
}[EnvFunctionName];

type JsTypes<Types extends readonly WasmType[]> = {
  -readonly [Index in keyof Types]: Types[Index] extends 'i64' ? bigint : number;
};

/** The rows as JavaScript functions. Numbers are as the wasm boundary passes them: i64 a signed `bigint`, i32 a signed `number`. */
export type EnvImports<Name extends EnvFunctionName = EnvFunctionName> = {
  readonly [N in Name]: (
    ...args: JsTypes<EnvParams<N>>
  ) => EnvResults<N> extends readonly [] ? void : JsTypes<EnvResults<N>>[0];
};

/** Type and thread of every function in the namespace. Their meaning is documented in spec.ts, which is not loaded at run time. */
export const envSignatures: Readonly<Record<EnvFunctionName, EnvSignature>> = rows;
