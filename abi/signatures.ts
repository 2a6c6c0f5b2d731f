/** The namespace that the functions are imported from. */
export const ENV_NAMESPACE = 'extism:host/env';

export type WasmType = 'i32' | 'i64';

/** The wasm type of every function in the namespace. Their meaning is documented in spec.ts, which is not loaded at run time. */
export const envSignatures: Readonly<
  Record<string, readonly [params: readonly WasmType[], results: readonly WasmType[]]>
> = {
  alloc: [['i64'], ['i64']],
  free: [['i64'], []],
  length: [['i64'], ['i64']],
  length_unsafe: [['i64'], ['i64']],
  load_u8: [['i64'], ['i32']],
  load_u64: [['i64'], ['i64']],
  store_u8: [['i64', 'i32'], []],
  store_u64: [['i64', 'i64'], []],
  input_offset: [[], ['i64']],
  input_length: [[], ['i64']],
  input_load_u8: [['i64'], ['i32']],
  input_load_u64: [['i64'], ['i64']],
  input_set: [['i64', 'i64'], []],
  output_set: [['i64', 'i64'], []],
  output_offset: [[], ['i64']],
  output_length: [[], ['i64']],
  error_set: [['i64'], []],
  error_get: [[], ['i64']],
  reset: [[], []],
  memory_bytes: [[], ['i64']],
  config_get: [['i64'], ['i64']],
  var_get: [['i64'], ['i64']],
  var_set: [['i64', 'i64'], []],
  http_request: [['i64', 'i64'], ['i64']],
  http_status_code: [[], ['i32']],
  http_headers: [[], ['i64']],
  log_trace: [['i64'], []],
  log_debug: [['i64'], []],
  log_info: [['i64'], []],
  log_warn: [['i64'], []],
  log_error: [['i64'], []],
  get_log_level: [[], ['i32']],
};
