import { error_set } from '@extism/as-pdk/lib/env';
import { allocateText } from './host';

/**
 * Called by `throw` and failed checks, after which the call traps: its text becomes the error of the call. It is chosen with
 * `--use abort=~lib/reflow-wasm-actor/lib/abort/onAbort`; without, the compiler imports `env.abort`, which hosts lack.
 */
export function onAbort(message: string | null, file: string | null, line: u32, column: u32): void {
  const reason = message === null ? 'abort' : message;
  const place = file === null ? '' : ' (' + file + ':' + line.toString() + ':' + column.toString() + ')';
  error_set(allocateText(reason + place).offset);
}
