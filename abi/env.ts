import { AbiError } from './errors.ts';
import type { Kernel } from './kernel.ts';
import { LOG_LEVELS, type MessageLevel } from './log.ts';
import type { EnvImports } from './signatures.ts';

/**
 * The functions of `extism:host/env`, row by row as `ENV_FUNCTIONS` describes them. A row without a function does not compile.
 *
 * A u64 beyond 2^53 loses digits in `Number()`, and a negative i64 (a u64 from 2^63 on) stays negative. Both are
 * far outside any memory, which ends at 2^32, so every check against a range or a block still refuses them.
 */
export function envFunctions(kernel: Kernel): EnvImports {
  const { memory, vars } = kernel;
  const log = (level: MessageLevel) => (handle: bigint) => {
    if (LOG_LEVELS[level] < LOG_LEVELS[kernel.logLevel]) return;
    kernel.onLog(level, kernel.lossyTextOf(Number(handle), `log_${level}: message`));
  };

  return {
    alloc: (length: bigint) => BigInt(memory.alloc(Number(length))),
    free: (handle: bigint) => kernel.free(Number(handle)),
    length: (handle: bigint) => BigInt(memory.length(Number(handle))),
    length_unsafe: (handle: bigint) => BigInt(memory.length(Number(handle))),
    load_u8: (address: bigint) => memory.loadU8(Number(address)),
    load_u64: (address: bigint) => memory.loadU64(Number(address)),
    store_u8: (address: bigint, value: number) => memory.storeU8(Number(address), value),
    store_u64: (address: bigint, value: bigint) => memory.storeU64(Number(address), value),

    input_offset: () => BigInt(memory.inputStart),
    input_length: () => BigInt(memory.inputLength),
    input_load_u8: (offset: bigint) => memory.loadInputU8(Number(offset)),
    input_load_u64: (offset: bigint) => memory.loadInputU64(Number(offset)),
    input_set: (start: bigint, length: bigint) => {
      const range = kernel.checkRange('input_set', start, length);
      if (range) memory.setInput(range.start, range.length);
    },

    output_set: (start: bigint, length: bigint) => {
      const range = kernel.checkRange('output_set', start, length);
      if (range) memory.setOutput(range);
    },
    output_offset: () => BigInt(memory.hasOutput ? memory.outputStart : 0),
    output_length: () => BigInt(memory.hasOutput ? memory.outputLength : 0),
    error_set: (handle: bigint) => kernel.setErrorHandle(handle),
    error_get: () => BigInt(kernel.error?.handle ?? 0),
    reset: () => kernel.clear(),
    memory_bytes: () => BigInt(memory.addressableBytes),

    config_get: (key: bigint) => {
      const value = kernel.config.get(kernel.textOf(Number(key), 'config_get: key'));
      return BigInt(value === undefined ? 0 : kernel.place(value));
    },
    var_get: (key: bigint) => {
      const value = vars.get(kernel.textOf(Number(key), 'var_get: key'));
      return BigInt(value === undefined ? 0 : kernel.place(value));
    },
    var_set: (key: bigint, value: bigint) => {
      const name = kernel.textOf(Number(key), 'var_set: key');
      if (value === 0n) vars.delete(name);
      else vars.set(name, kernel.bytesOf(Number(value), 'var_set: value'));
    },

    http_request: () => {
      throw new AbiError(
        'HTTP_NOT_ENABLED',
        'http_request: HTTP is not enabled for this plugin; give it the data that it needs through a host function',
      );
    },
    http_status_code: () => kernel.http.status,
    http_headers: () =>
      kernel.exposesHttpHeaders ? BigInt(kernel.place(JSON.stringify(kernel.http.headers))) : 0n,

    log_trace: log('trace'),
    log_debug: log('debug'),
    log_info: log('info'),
    log_warn: log('warn'),
    log_error: log('error'),
    get_log_level: () => LOG_LEVELS[kernel.logLevel],
  };
}
