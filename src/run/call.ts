import type { Kernel } from '../../abi/index.ts';
import { CallError } from '../call-error.ts';
import { isOutOfMemory, isStackOverflow } from '../engine/error-texts.ts';
import { type CallErrorCode, isCallErrorCode } from '../error-codes.ts';
import { excerpt, messageOf, PlugboardError } from '../errors.ts';
import { ExitStop } from '../link/instance.ts';
import type { OutputCopier, PluginOutput } from '../values/output.ts';
import { type FunctionType, formatType } from '../wasm/reader.ts';

/** How a call ended, and whether the instance may serve another one. */
export interface Outcome {
  output: PluginOutput | null;
  error: CallError | null;
  dropInstance: boolean;
}

/** Data that all calls of one plugin share. */
export interface CallSite {
  kernel: Kernel;
  outputs: OutputCopier;
  /** Called after the body. If it throws, the call fails. */
  flush: (() => void) | null;
  stderr: () => readonly string[];
}

/**
 * Runs one call: the kernel's `begin`, then the body. Returns output and error according to the kernel's state.
 * @param name name of the export, for messages
 * @param body calls an export, or the start functions, and returns its result
 */
export function runCall(
  site: CallSite,
  name: string,
  body: () => unknown,
  input?: string | Uint8Array,
): Outcome {
  let entered = false;
  let result: unknown;
  let thrown: unknown = null;
  try {
    site.kernel.begin(input);
    entered = true;
    result = body();
    site.flush?.();
  } catch (error) {
    thrown = toThrown(error);
  }
  return finish(site, name, entered, result, thrown);
}

/**
 * Like `runCall`, for a body that returns a promise, because the plugin may be suspended meanwhile. Written out again: to
 * share these steps, both functions would have to allocate an object in every call.
 */
export async function runSuspending(
  site: CallSite,
  name: string,
  body: () => unknown,
  input?: string | Uint8Array,
): Promise<Outcome> {
  let entered = false;
  let result: unknown;
  let thrown: unknown = null;
  try {
    site.kernel.begin(input);
    entered = true;
    result = await body();
    site.flush?.();
  } catch (error) {
    thrown = toThrown(error);
  }
  return finish(site, name, entered, result, thrown);
}

const toThrown = (error: unknown): unknown => error ?? new Error(String(error));

/** @param entered whether the call got as far as the plugin's code */
function finish(
  { kernel, outputs, stderr }: CallSite,
  name: string,
  entered: boolean,
  result: unknown,
  thrownBefore: unknown,
): Outcome {
  let thrown = thrownBefore;
  let output: PluginOutput | null = null;
  try {
    output = outputs.take();
  } catch (error) {
    thrown ??= error;
  }
  const text = kernel.error?.text ?? null;
  const reason = kernel.ended;
  if (!thrown && !reason && text === null && (result === undefined || result === 0)) {
    return { output, error: null, dropInstance: false };
  }
  const dropInstance = entered && (reason !== null || thrown !== null);
  if (reason instanceof ExitStop && reason.exitCode === 0 && text === null) {
    return { output, error: null, dropInstance };
  }
  const { code, message, ...details } = findFailure(name, { result, thrown, reason, text });
  const error = new CallError(code, message, { ...details, output, stderr: dropInstance ? stderr() : [] });
  return { output: null, error, dropInstance };
}

/** How an export ended. */
interface Ending {
  result: unknown;
  /** The error that it threw, else null. */
  thrown: unknown;
  /** Why the kernel ended the call, else null. */
  reason: Error | null;
  /** The error text that the plugin had set, else null. */
  text: string | null;
}

/** Chooses code, message and cause of the error for a failed call. */
function findFailure(
  name: string,
  { result, thrown, reason, text }: Ending,
): { code: CallErrorCode; message: string; exitCode?: number; cause?: unknown } {
  if (reason instanceof ExitStop) {
    const message = text ?? `${name}: ${reason.message}`;
    return { code: 'EXIT', message, exitCode: reason.exitCode, cause: reason };
  }
  if (reason || thrown) {
    const cause = reason ?? thrown;
    const { code, message } = classify(cause);
    // The host stopped the call, so the message gives the host's reason, even if the plugin had set an error text.
    return { code, message: reason || text === null ? `${name}: ${message}` : text, cause: causeOf(cause) };
  }
  if (!isExitCode(result)) {
    return { code: 'BAD_SIGNATURE', message: signatureMessage(name, `a result of ${String(result)}`) };
  }
  const exitCode = result ?? 0;
  if (text !== null) return { code: 'PLUGIN_ERROR', message: text, exitCode };
  return { code: 'NONZERO_RESULT', message: `Returned non-zero exit code: ${exitCode}`, exitCode };
}

function classify(error: unknown): { code: CallErrorCode; message: string } {
  if (isStackOverflow(error)) {
    return { code: 'STACK_OVERFLOW', message: 'the plugin used up the call stack; endless recursion?' };
  }
  const message = excerpt(messageOf(error));
  if (error instanceof WebAssembly.LinkError) return { code: 'IMPORT_TYPE_MISMATCH', message };
  // Checked by class: many errors of runtimes have a `code` too.
  if (error instanceof PlugboardError) {
    return { code: isCallErrorCode(error.code) ? error.code : 'HOST_FUNCTION_FAILED', message };
  }
  if (isOutOfMemory(error)) return { code: 'MEMORY_LIMIT', message: `the engine has no room: ${message}` };
  return { code: 'TRAP', message: `the plugin trapped: ${message}` };
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

export function notFound(name: string, exports: readonly WebAssembly.ModuleExportDescriptor[]): CallError {
  const functions = exports.filter(({ kind }) => kind === 'function').map(item => item.name);
  const message = `Function not found: ${name} (exported functions: ${functions.join(', ') || 'none'})`;
  return new CallError('FUNCTION_NOT_FOUND', message);
}

/** Codes of failures during the start that the start functions did not cause. */
const START_CODES = ['IMPORT_TYPE_MISMATCH', 'TIMEOUT', 'ABORTED', 'CLOSED', 'WORKER_FAILED'];

export const isOwnToStart = (code: string): boolean => START_CODES.includes(code);
