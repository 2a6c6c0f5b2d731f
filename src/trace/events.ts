import type { KernelTier } from '../../abi/index.ts';

/** The version of the events. schemas/trace-1.json describes them. */
export const TRACE_VERSION = 1;

/** The part of each value that is written. `none`: kind and length. `keyed`: also a keyed hash, by which equal values can be found.
 * `all`: the value. */
export type TraceValues = 'none' | 'keyed' | 'all';

/** The bytes of a block, a text or a piece of memory. */
export interface TraceContent {
  /** Length. */
  bytes?: number;
  /** HMAC-SHA-256 under a key of this trace, 32 hexadecimal digits; only with `values: 'keyed'`. */
  hmac?: string;
  /** The value, if it is UTF-8; only with `values: 'all'`. Secrets in it are replaced. */
  text?: string;
  /** The value, if it is not UTF-8; only with `values: 'all'`. */
  base64?: string;
  /** Set where a secret was left out. */
  secret?: true;
  /** Set where `text` or `base64` has only the first `maxValueBytes` bytes. */
  cut?: true;
}

/** An argument or a result. Handles, addresses, lengths, descriptors and flags have a `value`; the data of a plugin has none. */
export interface TraceValue extends TraceContent {
  name: string;
  type: 'i32' | 'i64' | 'f32' | 'f64' | 'ref';
  kind:
    | 'number'
    | 'word'
    | 'handle'
    | 'content'
    | 'key'
    | 'config'
    | 'request'
    | 'headers'
    | 'pointer'
    | 'errno';
  /** A number beyond 2^53 is a decimal text. */
  value?: number | string;
}

export interface TraceError {
  code: string;
  /** The result of the export, or the code of `proc_exit`. */
  exitCode?: number;
  /** Only with `values: 'all'`. */
  message?: string;
}

/** The fields of all events. */
interface At {
  /** Number of the plugin, from 1: a trace may follow several. */
  plugin: number;
  /** Time since the plugin was attached, in ms. */
  atMs: number;
}

/** Place of an event: the call in which it happens, and the instance, both from 1. */
interface InCall extends At {
  call: number;
  instance: number;
}

/** An import that a module calls. */
export interface ImportSite extends InCall {
  /** Number of this call of an import, from 1. */
  id: number;
  module: string;
  namespace: string;
  name: string;
  from: 'kernel' | 'http' | 'wasi' | 'host';
  params: TraceValue[];
}

/** A plugin has been attached. */
export interface TraceStart extends At {
  type: 'trace';
  version: typeof TRACE_VERSION;
  values: TraceValues;
  kernel: KernelTier;
  isolation: string;
  modules: { name: string; sha256: string | null }[];
}

/** A call of an export begins, or the start of an instance, whose `export` is null. */
export interface CallBegin extends InCall {
  type: 'call';
  export: string | null;
  input: TraceContent;
  /** The W3C header of the hop of a network in which the call is made, as the event `step` of the network has it. */
  traceparent?: string;
}

export interface CallEnd extends InCall {
  type: 'return';
  export: string | null;
  durationMs: number;
  /** Null without an output. */
  output: TraceContent | null;
  error?: TraceError;
}

/** The plugin calls an import that may wait: a host function, HTTP or poll_oneoff. `import` with the same `id` follows. */
export interface ImportEnter extends ImportSite {
  type: 'enter';
}

/** A call of an import is over. */
export interface ImportEvent extends ImportSite {
  type: 'import';
  durationMs: number;
  results: TraceValue[];
  /** False for a call that was refused. */
  allowed: boolean;
  /** The option that decided about a call that was refused. */
  decidedBy?: string;
  error?: TraceError;
  /** Whether `enter` came before. */
  entered: boolean;
}

/** Later events are dropped, and counted. */
export interface TraceCut extends At {
  type: 'cut';
  maxEvents: number;
}

/** One event of a trace. */
export type TraceEvent = TraceStart | CallBegin | CallEnd | ImportEnter | ImportEvent | TraceCut;
