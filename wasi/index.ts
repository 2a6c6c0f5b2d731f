/** The entry of `plugboard/wasi`: WASI preview 1 alone. The embedder provides clock, random bytes, input, output and files. */
export { coarseClock } from './coarse-clock.ts';
export * from './constants.ts';
export type { DeviceName } from './devices.ts';
export { type ErrnoRow, errnoTable } from './errno-table.ts';
export { WasiError, type WasiErrorCode, WasiExit } from './errors.ts';
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
} from './host.ts';
export {
  type MemoryChanges,
  type MemoryDevice,
  type MemoryFiles,
  MemoryLink,
  nullFile,
  zeroFile,
} from './memory-files.ts';
export { MemoryFs, type MemoryFsOptions } from './memory-fs.ts';
export { createWasi, type Wasi, type WasiImport, type WasiImports } from './preview1.ts';
export { readOnlyFs } from './read-only-fs.ts';
export {
  isPointer,
  WASI_MODULE,
  type WasiFunctionName,
  type WasiParam,
  type WasiSignature,
  wasiSignatures,
} from './signatures.ts';
export { bytesSource, LineSink, type LineSinkOptions } from './sinks.ts';
export { type WasiFunction, wasiFunctions } from './spec.ts';
export { traceImports } from './trace.ts';
export type { Preopen, WasiDiagnostic, WasiDiagnosticCode, WasiOptions } from './wasi-options.ts';
export { webClock, webRandom } from './web.ts';
