import type { LogLevel } from '../../abi/index.ts';
import type { OutsideEntry } from '../host/outside.ts';
import type { Hidden } from './values.ts';

/** The version of recordings. schemas/recording-1.json describes them. */
export const RECORDING_VERSION = 1;
export const RECORDING_FORMAT = 'plugboard-recording';

type Bytes = Uint8Array | Hidden;
type Text = string | Hidden;
export type Named = [name: Text, value: Bytes];

/** A number that a plugin passes to a host function, or the block whose handle it is. */
export type Argument = number | bigint | null | Hidden | { handle: bigint; block: Bytes };

/** An operation of a host function through its context. `handle` is its result. */
export interface Operation {
  call: 'alloc' | 'store' | 'free' | 'setVariable' | 'deleteVariable' | 'setError' | 'logLevel';
  args: readonly unknown[];
  handle?: bigint;
  /** Set if it threw. */
  thrown?: Text;
}

/** A call of a host function. Without `result` and `thrown` it was still running when the call was ended. */
export interface HostEntry {
  kind: 'host';
  name: string;
  args: readonly Argument[];
  operations: Operation[];
  result?: unknown;
  thrown?: Text;
}

/** A request, and its response or error. */
export interface HttpEntry {
  kind: 'http';
  method: string;
  url: Text;
  /** Credentials are left out. */
  headers: [Text, Text][];
  body: Bytes | null;
  response?: { status: number; headers: [Text, Text][]; body: Bytes };
  error?: { code: string; message: Text };
}

export type Entry = OutsideEntry | HostEntry | HttpEntry;

/** A line that the plugin logged or printed. */
export interface Line {
  /** Level of a log, or `stdout` or `stderr`. */
  name: string;
  line: Text;
}

/** One call, or the start of an instance, whose `export` is null. */
export interface RecordedCall {
  export: string | null;
  input: Bytes;
  /** The variables before it; null if nothing has changed them since the call before. */
  vars: Named[] | null;
  logLevel: LogLevel;
  entries: Entry[];
  lines: Line[];
  output: Bytes | null;
  error: { code: string; message: Text } | null;
  varsAfter: Named[];
  /** Hashes of memories, and values of globals; null unless asked for. */
  memory: Record<string, Text> | null;
}

/** A fact of a recording that a replay does not repeat. */
export interface Untellable {
  code:
    | 'state'
    | 'stack-overflow'
    | 'time'
    | 'engine-memory'
    | 'get-instance'
    | 'set-var'
    | 'relaxed-simd'
    | 'shared-memory'
    | 'compiled'
    | 'size';
  message: string;
}

export interface RecordedSettings {
  config: [Text, Text][];
  vars: Named[];
  functions: { namespace: string; name: string }[];
  folders: { path: Text; readOnly: boolean }[];
  http: boolean;
  maxKernelBytes: number | null;
  maxGrowthPages: number | null;
  maxVarBytes: number;
  exposesHttpHeaders: boolean;
  useWasi: boolean;
  logLevel: LogLevel;
  strict: boolean;
  limits: Record<string, number>;
}

export interface Recording {
  format: typeof RECORDING_FORMAT;
  version: typeof RECORDING_VERSION;
  record: 'all' | 'on-failure';
  isolation: string;
  modules: { name: string; sha256: string | null; wasm: Uint8Array | null }[];
  settings: RecordedSettings;
  untellable: Untellable[];
  calls: RecordedCall[];
}
