import { Memory } from '@extism/as-pdk';
import { error_set } from '@extism/as-pdk/lib/env';

/** Called by `throw` and by failed checks, because the build says `--use abort=assembly/abort/onAbort`. Sets the error of the call. */
export function onAbort(message: string | null, file: string | null, line: u32, column: u32): void {
  const reason = message === null ? 'abort' : message;
  const place = file === null ? '' : ` (${file}:${line}:${column})`;
  error_set(Memory.allocateString(reason + place).offset);
}
