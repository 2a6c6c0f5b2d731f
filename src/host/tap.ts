import type { Kernel, LogLevel, MessageLevel, SendHttp } from '../../abi/index.ts';
import type { HostFunctions } from './function.ts';
import type { Outside, OutsideEntry, OutsideQuestion, RecordedFolder } from './outside.ts';

/** The settings of a plugin that a tap reads or replaces. */
export interface TappedSettings {
  functions: HostFunctions;
  logger: { readonly [Level in MessageLevel]?: ((message: string) => void) | undefined };
  stdout: ((line: string) => void) | undefined;
  stderr: ((line: string) => void) | undefined;
  config: ReadonlyMap<string, string>;
  secrets: readonly string[];
  vars: ReadonlyMap<string, string | Uint8Array>;
  allowedHosts: readonly string[];
  mounts: readonly { guest: string; readOnly: boolean }[];
  maxKernelBytes: number | undefined;
  maxGrowthPages: number | undefined;
  maxVarBytes: number;
  exposesHttpHeaders: boolean;
  useWasi: boolean;
  logLevel: LogLevel;
  strict: boolean;
  budgets: object | null;
  fuel: number | undefined;
}

/** A module of a plugin, as it was fetched. */
export interface TappedModule {
  name: string;
  source: { bytes: Uint8Array } | { module: WebAssembly.Module };
}

export interface TappedOutcome {
  output: { bytes(): Uint8Array } | null;
  error: { code: string; message: string; output?: { bytes(): Uint8Array } | null } | null;
}

/** A way of the host to a plugin that no tap follows. */
export type Untold = 'get-instance' | 'set-var';

/** The answers of a recording, for a plugin in a worker: the worker gets those of a call at its start, and asks which one is next. */
export interface ReplayedOutside {
  folders: readonly RecordedFolder[];
  /** The answers of the call that has begun, by index; null for one that the caller's thread gives. */
  answers(): readonly (OutsideEntry | null)[];
  /** Returns the index of the answer. Stops the call if the recording has another question there. */
  indexOf(question: OutsideQuestion, wantedBytes?: number): number;
}

/**
 * Stands between one plugin and all that is outside: a recorder notes each answer, and a replay gives the answers of a recording.
 */
export interface Tap<Settings> {
  /** The settings, with functions and sinks that pass here. */
  settings: Settings;
  /** Called before the plugin starts. @param runner has the instance of the main module; null in a worker */
  attach(kernel: Kernel, isolation: string, runner: { readonly main: WebAssembly.Instance | null }): void;
  send(send: SendHttp): SendHttp;
  /** Makes an `http_request` that returns no promise; undefined to leave it as it is. */
  http(kernel: Kernel): ((request: bigint, body: bigint) => bigint) | undefined;
  outside(outside: Outside): Outside;
  /** Notes an answer that came on another thread. */
  note(entry: OutsideEntry): void;
  /** Absent in a recorder. */
  replayed?: ReplayedOutside;
  /** Called when a call begins. `input` is undefined for the start of an instance. */
  begin(name: string, input: string | Uint8Array | undefined): void;
  end(outcome: TappedOutcome): void;
  /** Called also between calls, when `set-var` is nothing to tell. */
  untold(way: Untold): void;
}

/** Keeps recordings of one plugin or several, as the option `record`. `createRecorder` of plugboard/audit makes it. @experimental */
export interface Recorder {
  /** Returns the recordings, each as the text of a file: one for each plugin; with `on-failure`, of those of which a call failed. */
  recordings(): string[];
  /** @internal Called once for each plugin, before its imports are linked. */
  open<Settings extends TappedSettings>(modules: readonly TappedModule[], settings: Settings): Tap<Settings>;
}
