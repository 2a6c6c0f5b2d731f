/** The entry of `plugboard/wasi`: WASI preview 1 alone. The embedder provides clock, random bytes, input, output and files. */

export type { DeviceName } from './devices.ts';
export type {
  Clock,
  Fs,
  FsDirectory,
  FsFile,
  FsOpening,
  FsStat,
  FsTimes,
  Random,
  Sink,
  Source,
  SupportedClockId,
} from './embedder.ts';
export {
  WASI_ERROR_CODES,
  type WasiDiagnosticCode,
  WasiError,
  type WasiErrorCode,
  WasiExit,
} from './errors.ts';
export {
  type MemoryChanges,
  type MemoryDevice,
  type MemoryFiles,
  MemoryLink,
  nullFile,
  zeroFile,
} from './files/memory-files.ts';
export { MemoryFs, type MemoryFsOptions } from './files/memory-fs.ts';
export { readOnlyFs } from './files/read-only-fs.ts';
export { createWasi, type Wasi, type WasiImport, type WasiImports } from './preview1.ts';
export { coarseClock } from './provided/coarse-clock.ts';
export { bytesSource, LineSink, type LineSinkOptions } from './provided/sinks.ts';
export { webClock, webRandom } from './provided/web.ts';
export * from './spec/constants.ts';
export { type ErrnoRow, errnoTable } from './spec/errno-table.ts';
export { type WasiFunction, wasiFunctions } from './spec/rows.ts';
export {
  isPointer,
  WASI_MODULE,
  type WasiFunctionName,
  type WasiParam,
  type WasiSignature,
  wasiSignatures,
} from './spec/signatures.ts';
export { traceImports } from './trace.ts';
export type { Preopen, WasiDiagnostic, WasiOptions } from './wasi-options.ts';
