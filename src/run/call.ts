import type { Kernel } from '../../abi/index.ts';
import { CallError, isCallErrorCode, NOTHING_PRINTED, type PrintedLines } from '../call-error.ts';
import { isOutOfMemory, isStackOverflow, isTooLargeAtOnce, whyEnded } from '../engine/error-texts.ts';
import { stackOf, wasmFunctionsIn } from '../engine/wasm-stack.ts';
import type { CallErrorCode } from '../error-codes.ts';
import { attempt, excerpt, messageOf, PlugboardError } from '../errors.ts';
import type { PluginTrace } from '../host/listener.ts';
import type { Tap } from '../host/tap.ts';
import { adviceOnGo, GO_EXPORT_HINT, isStandardGo } from '../link/go.ts';
import { ExitStop } from '../link/instance.ts';
import type { LinkedModule } from '../link/plan.ts';
import type { Later } from '../values/later.ts';
import type { OutputCopier, PluginOutput } from '../values/output.ts';
import { type FunctionType, formatType } from '../wasm/reader.ts';
import type { HostCalls, WaitingCalls } from './host-calls.ts';

/** The result of a call, and whether the instance may serve another one. */
export interface Outcome {
  /** Name of the export, for messages. */
  name: string;
  output: PluginOutput | null;
  error: CallError | null;
  dropInstance: boolean;
}

/** Data that all calls of one plugin share. */
export interface CallSite {
  kernel: Kernel;
  /** All modules of the plugin. */
  modules: readonly WebAssembly.Module[];
  outputs: OutputCopier;
  calls: HostCalls;
  /** Passes on the last lines of stdout and stderr; null for a plugin without them. */
  flush: (() => void) | null;
  printed: () => PrintedLines;
  /** Units of fuel that the last call has used; null for modules that do not count them. */
  fuelUsed: number | null;
  /** Follows the calls; null without the option `trace`. */
  trace: PluginTrace | null;
  /** Records the calls; undefined without the option `record`. */
  tap: Tap<unknown> | undefined;
  /** Fails a call that has used too much; null without such a limit. */
  limit: ((outcome: Outcome) => Outcome) | null;
}

/**
 * Runs one call: the kernel's `begin`, then the body. Returns output and error according to the kernel's state.
 * @param name name of the export, for messages
 * @param body calls an export, or the start functions. It returns the result, in the modes that wait a promise of it
 */
export function runCall(
  site: CallSite,
  name: string,
  body: () => unknown,
  input?: string | Uint8Array,
  hostContext?: unknown,
): Later<Outcome> {
  const { kernel, calls } = site;
  let entered = false;
  let result: unknown;
  calls.begin(hostContext);
  site.trace?.begin(name, input);
  site.tap?.begin(name, input);
  try {
    kernel.begin(input);
    entered = true;
    if (calls.waits) return runWaiting(site, calls, name, body);
    result = body();
  } catch (error) {
    return finish(site, name, entered, undefined, toThrown(error));
  }
  return finish(site, name, true, result, null);
}

/**
 * A function of its own, because each closure costs a call that never makes it: with these in `runCall` and one in `Plugin`,
 * inline calls took 2 to 5 % longer (Node 26, measured).
 */
const runWaiting = (
  site: CallSite,
  calls: WaitingCalls,
  name: string,
  body: () => unknown,
): Promise<Outcome> =>
  calls.within(() =>
    Promise.resolve(body()).then(
      result => finish(site, name, true, result, null),
      error => finish(site, name, true, undefined, toThrown(error)),
    ),
  );

const toThrown = (error: unknown): unknown => error ?? new Error(String(error));

/** @param entered whether the call got as far as the plugin's code */
function finish(site: CallSite, name: string, entered: boolean, result: unknown, thrown: unknown): Outcome {
  try {
    const judged = judge(site, name, entered, result, thrown);
    const outcome = site.limit ? site.limit(judged) : judged;
    site.trace?.end(outcome);
    site.tap?.end(outcome);
    return outcome;
  } finally {
    site.calls.leave();
  }
}

function judge(
  { kernel, modules, outputs, flush, printed }: CallSite,
  name: string,
  entered: boolean,
  result: unknown,
  thrownBefore: unknown,
): Outcome {
  let thrown = thrownBefore;
  let output: PluginOutput | null = null;
  const reasonBefore = kernel.ended;
  try {
    flush?.();
    output = outputs.take();
  } catch (error) {
    thrown ??= toThrown(error);
  }
  // A callback that fails during the flush does not replace the plugin's own failure.
  const reason = thrownBefore === null ? kernel.ended : reasonBefore;
  const text = kernel.error?.text ?? null;
  if (!thrown && !reason && text === null && (result === undefined || result === 0)) {
    return { name, output, error: null, dropInstance: false };
  }
  const dropInstance = entered && (reason !== null || thrown !== null);
  if (reason instanceof ExitStop && reason.exitCode === 0 && text === null) {
    return { name, output, error: null, dropInstance };
  }
  const lines = dropInstance ? printed() : NOTHING_PRINTED;
  const { code, message, ...details } = findFailure(name, { result, thrown, reason, text, lines });
  const wasmStack = thrown && !reason ? namesIn(thrown, modules) : [];
  // The engine may have no room for a copy of a large output. The failure itself counts then.
  const kept = attempt(() => outputs.kept(output), null);
  const error = new CallError(code, message, { ...details, output: kept, ...lines, wasmStack });
  return { name, output: null, error, dropInstance };
}

/** The traces that an export has left. */
interface Traces {
  result: unknown;
  /** The error that it threw, else null. */
  thrown: unknown;
  /** Why the call was stopped, else null. */
  reason: Error | null;
  /** The error text that the plugin had set, else null. */
  text: string | null;
  /** The last lines that the plugin printed, if its instance has ended. */
  lines: PrintedLines;
}

/** Characters of a function's name in an error. Modules can have names of any length. */
const NAME_CHARACTERS = 200;

const namesIn = (thrown: unknown, modules: CallSite['modules']): string[] =>
  wasmFunctionsIn(stackOf(thrown, modules) ?? '').map(name => excerpt(name, NAME_CHARACTERS));

/**
 * Chooses code, message and cause of the error for a failed call. An error text of the plugin is the message for each
 * end of the call: code and cause tell the end. RATIONALE: which-message-has-a-call-that-was-ended-after-an-error-text
 */
function findFailure(
  name: string,
  { result, thrown, reason, text, lines }: Traces,
): { code: CallErrorCode; message: string; exitCode?: number; cause?: unknown } {
  if (reason instanceof ExitStop) {
    const message = text ?? `${name}: ${reason.message}`;
    return { code: 'EXIT', message, exitCode: reason.exitCode, cause: reason };
  }
  if (reason || thrown) {
    const cause = reason ?? thrown;
    const { code, message } = classify(cause);
    const advice = reason ? '' : adviceOnGo([...lines.stdout, ...lines.stderr]);
    return { code, message: text ?? `${name}: ${message}${advice}`, cause: causeOf(cause) };
  }
  if (!isExitCode(result)) {
    const message = text ?? signatureMessage(name, `a result of ${String(result)}`);
    return { code: 'BAD_SIGNATURE', message };
  }
  const exitCode = result ?? 0;
  if (text !== null) return { code: 'PLUGIN_ERROR', message: text, exitCode };
  return { code: 'NONZERO_RESULT', message: `Returned non-zero exit code: ${exitCode}`, exitCode };
}

const TOO_LARGE =
  'on the thread of a page, this browser makes no instance of a module over 8 MiB at once; set runInWorker, or create the ' +
  'plugin in a Worker';

function classify(error: unknown): { code: CallErrorCode; message: string } {
  if (isStackOverflow(error)) {
    return { code: 'STACK_OVERFLOW', message: 'call stack exhausted; endless recursion in the plugin?' };
  }
  const message = excerpt(messageOf(error));
  if (error instanceof WebAssembly.LinkError) return { code: 'IMPORT_TYPE_MISMATCH', message };
  // Checked by class: many errors of runtimes have a `code` too.
  if (error instanceof PlugboardError) {
    return { code: isCallErrorCode(error.code) ? error.code : 'HOST_FUNCTION_FAILED', message };
  }
  if (isTooLargeAtOnce(error)) return { code: 'UNSUPPORTED', message: TOO_LARGE };
  if (isOutOfMemory(error)) return { code: 'MEMORY_LIMIT', message: 'the engine has no room for a value' };
  return { code: 'TRAP', message: whyEnded(error) ?? `the plugin trapped: ${message}` };
}

/** Returns the error that a host function threw, and not the PlugboardError that wraps it. */
const causeOf = (error: unknown): unknown =>
  error instanceof PlugboardError ? (error.cause ?? error) : error;

/**
 * Checks that an export can be called as Extism calls it: wasm type () → () or () → i32.
 * @throws {CallError} BAD_SIGNATURE
 */
export function checkSignature(name: string, parameters: number, type: FunctionType | undefined): void {
  const fits = type
    ? type.params.length === 0 &&
      (type.results.length === 0 || (type.results.length === 1 && type.results[0] === 'i32'))
    : parameters === 0;
  if (!fits) {
    const actual = type ? formatType(type) : `a function of ${parameters} parameters`;
    throw new CallError('BAD_SIGNATURE', signatureMessage(name, actual));
  }
}

/** Checked after the call, because a compiled module shows no types before: an i64 is a bigint, several results an array. */
const isExitCode = (result: unknown): result is number | undefined =>
  result === undefined || (typeof result === 'number' && Number.isInteger(result));

const signatureMessage = (name: string, actual: string) =>
  `${name}: expected an export of wasm type () -> () or () -> (i32), got ${actual}; input and output go through the kernel`;

export function notFound(name: string, { exports, module }: LinkedModule): CallError {
  const functions = exports.filter(({ kind }) => kind === 'function').map(item => item.name);
  const hint = isStandardGo(module) ? `; ${GO_EXPORT_HINT}` : '';
  const message = `Function not found: ${name} (exported functions: ${functions.join(', ') || 'none'})${hint}`;
  return new CallError('FUNCTION_NOT_FOUND', message);
}

/** Codes of failures during the start that the start functions did not cause. */
const START_CODES = [
  'IMPORT_TYPE_MISMATCH',
  'UNSUPPORTED',
  'TIMEOUT',
  'FUEL_EXHAUSTED',
  'MEMORY_LIMIT',
  'BUDGET_EXCEEDED',
  'ABORTED',
  'CLOSED',
  'WORKER_FAILED',
];

/** Returns the error for an instance that could not be started. */
export function notStarted(site: CallSite, module: string, error: CallError | null): CallError {
  const reason = error ?? site.kernel.ended;
  const code = error && START_CODES.includes(error.code) ? error.code : 'INIT_FAILED';
  const message = `module "${module}": ${excerpt(reason?.message ?? '')}`;
  return new CallError(code, message, { cause: reason, ...site.printed() });
}
