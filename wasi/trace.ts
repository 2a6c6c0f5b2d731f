import { refuseOption } from './errors.ts';
import { aFunction, having, readArgument, refuseExtra } from './options.ts';
import type { WasiImport, WasiImports } from './preview1.ts';
import { errnoName } from './spec/constants.ts';
import { type Awaitable, isPointer, type WasiSignature, wasiSignatures } from './spec/signatures.ts';

const someImports = having('the imports of a Wasi', ...wasiSignatures.map(({ name }) => name));

/**
 * Wraps the imports: after each call, `onLine` gets one line with the names from the table:
 * `fd_write(fd=1, iovs=0x1f00, iovs_len=1, nwritten=0x1efc) -> ESUCCESS`.
 * @experimental
 */
export function traceImports(imports: WasiImports, onLine: (line: string) => void): WasiImports;
export function traceImports(
  imports: WasiImports,
  onLine: (line: string) => void,
  ...extra: unknown[]
): WasiImports {
  refuseExtra(extra, 'traceImports', refuseOption);
  readArgument(someImports, imports, 'traceImports: imports', refuseOption);
  readArgument(aFunction, onLine, 'traceImports: onLine', refuseOption);
  const traced = (row: WasiSignature): WasiImport<Awaitable<number>> => {
    const call = imports[row.name];
    return (...values) => {
      const line = `${row.name}(${row.params.map((_, index) => showArgument(row, index, values)).join(', ')})`;
      const answered = (errno: number) => {
        onLine(`${line} -> ${errnoName(errno)}`);
        return errno;
      };
      const failed = (thrown: unknown): never => {
        onLine(`${line} -> threw ${thrown}`);
        throw thrown;
      };
      let result: Awaitable<number>;
      try {
        result = call(...values);
      } catch (thrown) {
        return failed(thrown);
      }
      return typeof result === 'number' ? answered(result) : result.then(answered, failed);
    };
  };
  return Object.fromEntries(wasiSignatures.map(row => [row.name, traced(row)])) as WasiImports;
}

function showArgument(row: WasiSignature, index: number, values: readonly (number | bigint)[]): string {
  const param = row.params[index]!;
  const value = values[index] ?? 0;
  const unsigned = typeof value === 'bigint' ? value : value >>> 0;
  return `${param[0]}=${isPointer(param) ? `0x${unsigned.toString(16)}` : unsigned}`;
}
