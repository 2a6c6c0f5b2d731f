import type { Case, Folders, ManifestCase, Request, Route, ValueType } from './case.ts';

/** A number of a wasm type, or the bytes of the block that a handle stands for. */
export type HostValue = Uint8Array | number | bigint;

export interface HostFunctionShape {
  namespace: string;
  name: string;
  params: readonly ValueType[];
  results: readonly ValueType[];
  /** The host answers it after a wait. */
  waits?: boolean | undefined;
}

/** All that a host needs to make one plugin. */
export interface Scenario {
  id: string;
  /** Paths of modules are those below the folder of the cases, such as `abi/abi.wasm`. */
  manifest: ManifestCase & { wasm: { path: string; name?: string; hash?: string }[] };
  wasi: boolean;
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  httpHeaders: boolean;
  hostFunctions: readonly HostFunctionShape[];
  folders: Folders;
}

/** The answer to a call of a host function: it returns `value`, fails with a text, or first calls the plugin. */
export type HostAnswer = { value: HostValue | null } | { fails: string } | { callsPlugin: string };
export type AnswerHostCall = (
  called: { namespace: string; name: string },
  values: readonly HostValue[],
) => HostAnswer;

/** One call, as the runner saw it. */
export interface Seen {
  output: Uint8Array | null;
  error: SeenError | null;
  logs: readonly { level: string; text: string }[];
  stdout: readonly string[];
  stderr: readonly string[];
}
export interface SeenError {
  /** A name of error-names.ts. */
  name: string;
  message: string;
  exitCode?: number | undefined;
  cause?: string | undefined;
}

/** A plugin that exists. */
export interface Session {
  call(name: string, input: Uint8Array): Promise<Seen>;
  /** The folders as the plugin left them. */
  foldersAfter(): Promise<Folders>;
  close(): Promise<void>;
}

/** A server that answers as a case says. */
export interface Served {
  /** Such as `http://127.0.0.1:8080`. */
  origin: string;
  /** The requests that came, in order. */
  requests: readonly (Request & { bytes: Uint8Array })[];
  close(): Promise<void>;
}

export interface CommandSeen {
  exitCode: number;
  stdout: Uint8Array;
  stderr: Uint8Array;
  folders: Folders;
}
export interface CommandScenario {
  path: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  stdin: Uint8Array;
  mounts: Readonly<Record<string, string>>;
  folders: Folders;
}

/** A host that is tested. */
export interface Host {
  name: string;
  version: string;
  /** The features it has, by the names of `requires`. */
  capabilities: ReadonlySet<string>;
  serve(routes: Readonly<Record<string, Route>>): Promise<Served>;
  /** @throws {Refused} when the plugin cannot be made */
  open(scenario: Scenario, answer: AnswerHostCall): Promise<Session>;
  /** Runs an actor. Left out where the runner makes one of calls and host functions. */
  actor?(scenario: Scenario, given: Case): Promise<string[]>;
  /** Runs a WASI program. Left out where the host runs plugins only. */
  command?(scenario: CommandScenario): Promise<CommandSeen>;
  close(): Promise<void>;
}

/** The plugin cannot be made. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly error: SeenError;
  constructor(error: SeenError) {
    super(error.message);
    this.error = error;
  }
}

/** The host crashed or gave no answer in time: this case is lost, and the next one runs. */
export class HostLost extends Error {
  override readonly name = 'HostLost';
}
