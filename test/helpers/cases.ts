import {
  Float,
  type JsonObject,
  type JsonValue,
  type Packet,
  type ProcessError,
  readJson as parseJson,
  readPacket,
  ScriptActor,
  writeJson,
  writePacket,
} from '../../src/actor/index.ts';
import { msgpack } from '../../src/msgpack/index.ts';
import {
  type CallContext,
  type CallError,
  createPlugin,
  type Plugin,
  type PluginOptions,
} from '../../src/node.ts';
import { bytesEqual, equal, is, ok, unreachable } from './assert.ts';
import { host, readJson } from './host.ts';

// The shape of fixtures/*/cases.json, as fixtures/cases.schema.json describes it.
export type Bytes =
  | { text: string }
  | { hex: string }
  | { base64: string }
  | { repeat: { hex: string; times: number } };
type Lines = string[] | { includes: string };
type Spelled = { [key: string]: unknown };

interface ExpectedError {
  code: keyof typeof ERROR_CODES;
  message?: string;
  messageIncludes?: string;
  exitCode?: number;
  cause?: keyof typeof ERROR_CODES;
}
interface HostFunction {
  params: string[];
  results: string[];
  throws?: string;
  returns?: Bytes;
  callsPlugin?: string;
}
type HostFunctions = Record<string, Record<string, HostFunction>>;
export interface Call {
  function: string;
  input?: Bytes;
  output?: Bytes | null;
  error?: ExpectedError;
  logs?: { level: string; text: string }[];
  hostCalls?: { function: string; arguments: Bytes[] }[];
  vars?: Record<string, Bytes>;
  stdout?: Lines;
  stderr?: Lines;
}
interface Process {
  payload: Spelled;
  packets: Spelled[];
  error?: ExpectedError;
  state?: Spelled;
}
export interface Case {
  id: string;
  proves: string;
  /** The row of docs/ABI.md about a difference of the native runtime. */
  native?: string;
  rows?: string[];
  manifest?: { config?: Record<string, string>; memory?: { maxPages?: number; maxVarBytes?: number } };
  logLevel?: NonNullable<PluginOptions['logLevel']>;
  wasi?: boolean;
  error?: ExpectedError;
  calls?: Call[];
  actor?: {
    entryPoint?: string;
    protocol?: 'context' | 'ports';
    config?: Spelled;
    env?: Record<string, string>;
    state?: Spelled;
  };
  process?: Process[];
}
export interface CaseFile {
  wasm: string;
  hostFunctions?: HostFunctions;
  /** Why the native runtime cannot run the module. */
  nativeCannot?: string;
  /** The folder whose cases come before these ones, under ids of this folder. */
  shared?: string;
  /** The rest of a shared id → why this plugin cannot pass the case. */
  except?: Record<string, string>;
  cases: Case[];
}

/** The neutral names of errors, and plugboard's codes. */
const ERROR_CODES = {
  'bad-signature': 'BAD_SIGNATURE',
  exit: 'EXIT',
  'function-not-found': 'FUNCTION_NOT_FOUND',
  'host-function-failed': 'HOST_FUNCTION_FAILED',
  'http-not-enabled': 'HTTP_NOT_ENABLED',
  'invalid-handle': 'INVALID_HANDLE',
  'invalid-result': 'INVALID_RESULT',
  'invalid-utf8': 'INVALID_UTF8',
  'memory-limit': 'MEMORY_LIMIT',
  'nonzero-result': 'NONZERO_RESULT',
  'plugin-error': 'PLUGIN_ERROR',
  'reentrant-call': 'REENTRANT_CALL',
  'stack-overflow': 'STACK_OVERFLOW',
  trap: 'TRAP',
  'unresolved-imports': 'UNRESOLVED_IMPORTS',
  'var-limit': 'VAR_LIMIT',
  'vars-disabled': 'VARS_DISABLED',
} as const;

export const readIndex = (): string[] => readJson('fixtures/index.json') as string[];
export function readCaseFile(folder: string): CaseFile {
  const file = readJson(`fixtures/${folder}/cases.json`) as CaseFile;
  const { shared, except = {} } = file;
  if (shared === undefined) return file;
  const taken = (readJson(`fixtures/${shared}/cases.json`) as CaseFile).cases
    .map(given => ({ ...given, rest: given.id.slice(shared.length + 1) }))
    .filter(({ rest }) => !Object.hasOwn(except, rest))
    .map(({ rest, ...given }) => ({ ...given, id: `${folder}.${rest}` }));
  return { ...file, cases: [...taken, ...file.cases] };
}

export interface Subject {
  /** Compiled where the runtime only imports modules. */
  wasm: Uint8Array | WebAssembly.Module;
  accessors: WebAssembly.Module | undefined;
  hostFunctions: HostFunctions;
  kernel: 'reference' | 'accessors';
}

export function loadSubject(folder: string, file: CaseFile, kernel: Subject['kernel']): Subject {
  const path = `fixtures/${folder}/${file.wasm}`;
  return {
    wasm: host().module?.(path) ?? host().readBytes(path),
    accessors: kernel === 'accessors' ? host().module?.('dist/abi/accessors.wasm') : undefined,
    hostFunctions: file.hostFunctions ?? {},
    kernel,
  };
}

/** Runs the calls or packets of a case, and throws where a result differs from the expected one. */
export async function runCase(subject: Subject, given: Case): Promise<void> {
  if (given.actor || given.process) await runActor(subject, given, given.process ?? []);
  else await runPlugin(subject, given, given.calls ?? []);
}

/** The effects of a call besides its result; emptied before each call. */
class Witness {
  logs: { level: string; text: string }[] = [];
  hostCalls: { function: string; arguments: Uint8Array[] }[] = [];
  stdout: string[] = [];
  stderr: string[] = [];
}

async function runPlugin(subject: Subject, given: Case, calls: Call[]): Promise<void> {
  const witness = new Witness();
  const log = (level: string) => (text: string) => {
    witness.logs.push({ level, text });
  };
  // Host functions may call the plugin, but are passed before it exists.
  const made: { plugin?: Plugin } = {};
  const options: PluginOptions = {
    kernel: subject.kernel,
    accessors: subject.accessors,
    functions: hostFunctions(subject.hostFunctions, witness, made),
    logLevel: given.logLevel ?? 'trace',
    logger: {
      trace: log('trace'),
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
    },
    stdout: line => witness.stdout.push(line),
    stderr: line => witness.stderr.push(line),
    ...(given.wasi === undefined ? {} : { useWasi: given.wasi }),
  };
  const { wasm } = subject;
  const source = wasm instanceof WebAssembly.Module ? { module: wasm } : { data: wasm };
  const create = () => createPlugin({ ...given.manifest, wasm: [source] }, options);
  if (given.error) {
    checkError(await failureOf(create), given.error, 'creating the plugin');
    return;
  }
  const plugin = await create();
  made.plugin = plugin;
  is(plugin.report.kernel, subject.kernel);
  for (const [index, call] of calls.entries()) {
    Object.assign(witness, new Witness());
    await checkCall(plugin, call, witness, `call ${index + 1}, ${call.function}`);
  }
  await plugin.close();
}

async function checkCall(plugin: Plugin, call: Call, witness: Witness, where: string): Promise<void> {
  const run = () => plugin.call(call.function, call.input && toBytes(call.input));
  if (call.error) {
    const error = await failureOf(run);
    checkError(error, call.error, where);
    if (call.output !== undefined)
      checkBytes((error as CallError).output?.bytes(), call.output, `${where}: output`);
  } else {
    if (call.output === undefined) throw new Error(`${where}: the case expects neither output nor error`);
    checkBytes((await run())?.bytes(), call.output, `${where}: output`);
  }
  equal(witness.logs, call.logs ?? [], `${where}: logs`);
  equal(
    witness.hostCalls,
    (call.hostCalls ?? []).map(expected => ({ ...expected, arguments: expected.arguments.map(toBytes) })),
    `${where}: calls of host functions`,
  );
  checkLines(witness.stdout, call.stdout ?? [], `${where}: stdout`);
  checkLines(witness.stderr, call.stderr ?? [], `${where}: stderr`);
  if (call.vars) {
    const expected = new Map(Object.entries(call.vars).map(([name, bytes]) => [name, toBytes(bytes)]));
    equal(new Map(plugin.vars), expected, `${where}: vars`);
  }
}

function hostFunctions(
  given: HostFunctions,
  witness: Witness,
  made: { plugin?: Plugin },
): NonNullable<PluginOptions['functions']> {
  const make =
    (name: string, { throws, returns, callsPlugin }: HostFunction) =>
    (context: CallContext, ...handles: bigint[]): bigint => {
      const blocks = handles.map(handle => context.read(handle)?.bytes() ?? new Uint8Array(0));
      witness.hostCalls.push({ function: name, arguments: blocks });
      if (throws !== undefined) throw new Error(throws);
      if (callsPlugin !== undefined) made.plugin?.callSync(callsPlugin);
      return returns ? context.store(toBytes(returns)) : 0n;
    };
  return mapValues(given, functions => mapValues(functions, (does, name) => make(name, does)));
}

async function runActor(subject: Subject, given: Case, steps: Process[]): Promise<void> {
  const { entryPoint = 'process', protocol, config = {}, env = {}, state = {} } = given.actor ?? {};
  const create = () =>
    ScriptActor.create(
      { source: subject.wasm, entry_point: entryPoint },
      {
        kernel: subject.kernel,
        accessors: subject.accessors,
        codec: msgpack,
        // A compiled module does not show its protocol; bytes do.
        protocol: subject.wasm instanceof WebAssembly.Module ? (protocol ?? 'context') : undefined,
        stdout: () => {},
        stderr: () => {},
        actorConfig: { config: toJson(config) as JsonObject, resolved_env: env },
        state: toJson(state) as JsonObject,
      },
    );
  if (given.error) {
    checkError(await failureOf(create), given.error, 'creating the actor');
    return;
  }
  const actor = await create();
  for (const [index, step] of steps.entries()) {
    const where = `packet ${index + 1}`;
    const run = () => actor.process(toPacket(step.payload));
    let packets: readonly Packet[];
    if (step.error) {
      const error = (await failureOf(run)) as ProcessError;
      // Exit code and cause are on the error of the failed call, which is the cause of this one.
      checkError(error, step.error, where, error.cause as Error);
      packets = error.packets;
    } else {
      packets = await run();
    }
    equal(packets.map(packetText), step.packets.map(toPacket).map(packetText), `${where}: packets`);
    if (step.state) is(jsonText(actor.state), jsonText(toJson(step.state)), `${where}: state`);
  }
  await actor.stop();
}

async function failureOf(run: () => Promise<unknown>): Promise<Error> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  return unreachable('expected an error, but it succeeded') as never;
}

function checkError(error: Error, expected: ExpectedError, where: string, details = error): void {
  const { code } = error as Partial<CallError>;
  is(code, ERROR_CODES[expected.code], `${where}: expected ${expected.code}, got ${code}: ${error.message}`);
  if (expected.message !== undefined) is(error.message, expected.message, `${where}: message`);
  const { messageIncludes = '' } = expected;
  ok(error.message.includes(messageIncludes), `${where}: "${messageIncludes}" is not in "${error.message}"`);
  if (expected.exitCode !== undefined) {
    is((details as Partial<CallError>).exitCode, expected.exitCode, `${where}: exit code`);
  }
  if (expected.cause !== undefined) {
    is((details.cause as { code?: string }).code, ERROR_CODES[expected.cause], `${where}: cause`);
  }
}

function checkBytes(actual: Uint8Array | undefined, expected: Bytes | null, where: string): void {
  if (expected === null || actual === undefined) {
    is(actual ? 'some bytes' : 'none', expected ? 'some bytes' : 'none', where);
  } else if ('text' in expected) {
    // As text, because a difference in hex is hard to read.
    is(new TextDecoder().decode(actual), expected.text, where);
  } else {
    const bytes = toBytes(expected);
    // Hex is printed only for a difference: an output may be megabytes long.
    const same = actual.length === bytes.length && actual.every((byte, index) => byte === bytes[index]);
    if (!same) bytesEqual(actual, bytes, where);
  }
}

function checkLines(actual: string[], expected: Lines, where: string): void {
  if (Array.isArray(expected)) equal(actual, expected, where);
  else
    ok(
      actual.some(line => line.includes(expected.includes)),
      `${where}: ${JSON.stringify(actual)}`,
    );
}

export function toBytes(spelled: Bytes): Uint8Array {
  if ('text' in spelled) return new TextEncoder().encode(spelled.text);
  if ('hex' in spelled) return hexBytes(spelled.hex);
  if ('base64' in spelled) return Uint8Array.from(atob(spelled.base64), char => char.charCodeAt(0));
  const { hex, times } = spelled.repeat;
  const unit = hexBytes(hex);
  const bytes = new Uint8Array(unit.length * times);
  for (let at = 0; at < bytes.length; at += unit.length) bytes.set(unit, at);
  return bytes;
}

const hexBytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], pair => Number.parseInt(pair, 16));

/** Plain JSON, with the numbers that cannot be written in it for every reader spelled out. */
export function toJson(spelled: unknown): JsonValue {
  if (Array.isArray(spelled)) return spelled.map(toJson);
  if (typeof spelled !== 'object' || spelled === null) return spelled as JsonValue;
  const [[key, value] = [], second] = Object.entries(spelled);
  if (!second && key === 'i64' && typeof value === 'string') return BigInt(value);
  if (!second && key === 'float' && typeof value === 'string') return new Float(Number(value));
  return mapValues(spelled as Spelled, toJson);
}

export const toPacket = (spelled: Spelled): Packet => readPacket(writeJson(toJson(spelled)));

// Compared as text: a deep comparison takes an own key `constructor` for the class of the object.
export const jsonText = (json: JsonValue): string => writeJson(sortKeys(json));
export const packetText = (packet: Packet): string => jsonText(parseJson(writePacket(packet)));

function sortKeys(json: JsonValue): JsonValue {
  if (Array.isArray(json)) return json.map(sortKeys);
  if (typeof json !== 'object' || json === null || json instanceof Float) return json;
  return Object.fromEntries(
    Object.entries(json)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, value]) => [key, sortKeys(value)]),
  );
}

// Unlike assignment, fromEntries makes a key named `__proto__` an own key like any other.
const mapValues = <From, To>(object: Record<string, From>, map: (value: From, key: string) => To) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)])) as Record<
    string,
    To
  >;
