import type { EnvFunctionName } from './signatures.ts';

/** Powers that functions of the kernel give a plugin. */
export type EnvCapability = 'memory' | 'log' | 'config' | 'variables' | 'http';

/** The power that each function gives. A function without a row does not compile. */
export const envCapabilities: Readonly<Record<EnvFunctionName, EnvCapability>> = {
  alloc: 'memory',
  free: 'memory',
  length: 'memory',
  length_unsafe: 'memory',
  load_u8: 'memory',
  load_u64: 'memory',
  store_u8: 'memory',
  store_u64: 'memory',
  input_offset: 'memory',
  input_length: 'memory',
  input_load_u8: 'memory',
  input_load_u64: 'memory',
  input_set: 'memory',
  output_set: 'memory',
  output_offset: 'memory',
  output_length: 'memory',
  error_set: 'memory',
  error_get: 'memory',
  reset: 'memory',
  memory_bytes: 'memory',
  config_get: 'config',
  var_get: 'variables',
  var_set: 'variables',
  http_request: 'http',
  http_status_code: 'http',
  http_headers: 'http',
  log_trace: 'log',
  log_debug: 'log',
  log_info: 'log',
  log_warn: 'log',
  log_error: 'log',
  get_log_level: 'log',
};
