// The form of cases.json, version 2, as fixtures/cases.schema.json describes it.

/** Bytes. `template` is text in which `{{server}}` stands for the origin of the server, such as `http://127.0.0.1:8080`. */
export type Bytes =
  | { text: string }
  | { hex: string }
  | { base64: string }
  | { template: string }
  | { repeat: { hex: string; times: number } };
/** A number of a wasm type, in decimal. */
type Value = { i32: string } | { i64: string } | { f32: string } | { f64: string };
export type ValueType = 'handle' | 'i32' | 'i64' | 'f32' | 'f64';
export type Lines = readonly string[] | { includes: string };
export type Spelled = { [key: string]: unknown };

export interface ExpectedError {
  code: string;
  message?: string;
  messageIncludes?: string;
  exitCode?: number;
  cause?: string;
}

export interface HostFunctionCase {
  params: readonly ValueType[];
  results: readonly ValueType[];
  throws?: string;
  returns?: Bytes | Value;
  callsPlugin?: string;
  /** The function answers after a wait. */
  waits?: boolean;
}
export type HostFunctionCases = Record<string, Record<string, HostFunctionCase>>;

/** The end that a call must have. */
export interface Expectation {
  output?: Bytes | null;
  error?: ExpectedError;
  logs?: { level: string; text: string }[];
  hostCalls?: { function: string; arguments: (Bytes | Value)[] }[];
  stdout?: Lines;
  stderr?: Lines;
}
export interface Call extends Expectation {
  function: string;
  input?: Bytes;
  /** Other ends that a host may show, each with the row that tells about it. Keys that are left out stay. */
  alternatives?: (Expectation & { row: string })[];
}
export interface Process {
  payload: Spelled;
  packets: Spelled[];
  error?: ExpectedError;
  state?: Spelled;
}

/** Path → content of a file. A path that ends in `/` is an empty folder. */
export type Folder = Record<string, Bytes | Record<string, never>>;
export type Folders = Record<string, Folder>;

export interface Route {
  status?: number;
  headers?: [name: string, value: string][];
  body?: Bytes;
  delayMs?: number;
}
export interface Request {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: Bytes;
}

export interface ModuleCase {
  path: string;
  name?: string;
  hash?: string;
}
/** A manifest in Extism's own spelling. */
export interface ManifestCase {
  wasm?: ModuleCase[];
  config?: Record<string, string>;
  memory?: { max_pages?: number; max_var_bytes?: number; max_http_response_bytes?: number };
  allowed_hosts?: string[];
  allowed_paths?: Record<string, string>;
  timeout_ms?: number;
}

export interface ActorCase {
  entryPoint?: string;
  protocol?: 'context' | 'ports';
  config?: Spelled;
  env?: Record<string, string>;
  state?: Spelled;
}

export interface CommandCase {
  args?: string[];
  env?: Record<string, string>;
  stdin?: Bytes;
  /** Path in the program → name of a folder of `folders`. */
  mounts?: Record<string, string>;
  exitCode: number;
  stdout?: Bytes;
  stderr?: Bytes;
}

export type Level = 'core' | 'edge' | 'hardened';

export interface Case {
  id: string;
  proves: string;
  source?: string;
  level?: Level;
  rows?: string[];
  requires?: string[];
  manifest?: ManifestCase;
  hostFunctions?: HostFunctionCases;
  logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  wasi?: boolean;
  httpHeaders?: boolean;
  folders?: Folders;
  foldersAfter?: Folders;
  server?: Record<string, Route>;
  requests?: Request[];
  error?: ExpectedError;
  calls?: Call[];
  actor?: ActorCase;
  process?: Process[];
  command?: CommandCase;
}

export interface CaseFile {
  version?: 2;
  wasm: string;
  /** The encoding that the metadata of its actors names. Default: JSON. */
  encoding?: 'msgpack';
  hostFunctions?: HostFunctionCases;
  /** Features of the module that a host must have, for all cases of the file. */
  requires?: string[];
  cases: Case[];
}
