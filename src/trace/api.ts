export type { Trace } from '../host/listener.ts';
export type { Secret } from '../values/secret.ts';
export {
  type CallBegin,
  type CallEnd,
  type ImportEnter,
  type ImportEvent,
  type ImportSite,
  TRACE_VERSION,
  type TraceContent,
  type TraceCut,
  type TraceError,
  type TraceEvent,
  type TraceStart,
  type TraceValue,
  type TraceValues,
} from './events.ts';
export { formatTraceEvent, type TraceFormat } from './format.ts';
export type { TraceOptions } from './options.ts';
export type { GivenTrace } from './read.ts';
export { secret } from './secret.ts';
export { createTrace } from './trace.ts';
