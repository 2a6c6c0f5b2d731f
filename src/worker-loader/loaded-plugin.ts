import { CallError, notPrepared, pluginClosed } from '../call-error.ts';
import type { CallErrorCode, CreateErrorCode } from '../error-codes.ts';
import { CreateError, messageOf, PlugboardError } from '../errors.ts';
import { refuseArguments, refuseName } from '../given/call-options.ts';
import { MOST_RPC_BYTES, rpcBytes } from '../units.ts';
import { copyInput, type PluginInput } from '../values/input.ts';
import { PluginOutput } from '../values/output.ts';
import type { Answer, Child, SentError } from './messages.ts';
import type { WorkerCode, WorkerLoader } from './options.ts';

const outputOf = (bytes: Uint8Array | null | undefined): PluginOutput | null =>
  bytes ? new PluginOutput(bytes.slice().buffer) : null;

function received(error: SentError): PlugboardError {
  const { isOfCall, code, message, output, ...details } = error;
  return isOfCall
    ? new CallError(code as CallErrorCode, message, { ...details, output: outputOf(output) })
    : new CreateError(code as CreateErrorCode, message);
}

class IsolateFailed extends CallError {
  /** Whether this call loaded the isolate. */
  readonly isLoading: boolean;
  constructor(isLoading: boolean, cause: unknown) {
    super('WORKER_FAILED', `the isolate of the plugin failed: ${messageOf(cause)}`, { cause });
    this.isLoading = isLoading;
  }
}

/**
 * Isolates that could not be loaded → how often. workerd keeps the failure under the name of the isolate, and would not ask for the code
 * again.
 */
const failed = new Map<string, number>();
const MOST_FAILED = 1000;

const nameNow = (name: string): string => {
  const times = failed.get(name);
  return times === undefined ? name : `${name}-${times}`;
};

function renounce(name: string): void {
  const times = failed.get(name) ?? 0;
  failed.delete(name);
  failed.set(name, times + 1);
  if (failed.size <= MOST_FAILED) return;
  for (const oldest of failed.keys()) {
    failed.delete(oldest);
    break;
  }
}

/** A plugin in a child isolate. Made by `loadPlugin`. */
export class LoadedPlugin {
  readonly #loader: WorkerLoader;
  readonly #name: string;
  readonly #codeOf: () => Promise<WorkerCode>;
  #fuelUsed: number | null = null;
  #closed = false;

  /** @internal Use `loadPlugin`. */
  constructor(loader: WorkerLoader, name: string, codeOf: () => Promise<WorkerCode>) {
    this.#loader = loader;
    this.#name = name;
    this.#codeOf = codeOf;
  }

  /**
   * Calls an export and resolves to its output. The calls of a tenant run one after the other.
   * @returns the output that the plugin set, or null if it set none
   * @throws {CallError} with the codes of `Plugin.call`; WORKER_FAILED if the isolate was ended
   */
  call(name: string, input?: PluginInput): Promise<PluginOutput | null>;
  async call(name: string, input?: PluginInput, ...extra: unknown[]): Promise<PluginOutput | null> {
    if (typeof name !== 'string') refuseName(name);
    refuseArguments('call', extra);
    const what = `calling "${name}"`;
    if (this.#closed) throw pluginClosed(what);
    const copy = copyInput(input, CallError);
    const bytes = rpcBytes(name) + (typeof copy === 'string' ? rpcBytes(copy) : copy.length);
    if (bytes > MOST_RPC_BYTES) {
      const message = `name and input: expected at most ${MOST_RPC_BYTES} bytes, got ${bytes}; give the plugin the input in parts`;
      throw new CallError('INVALID_INPUT', message);
    }
    try {
      const { output, fuel } = await this.#ask(child => child.call(name, copy));
      this.#fuelUsed = fuel;
      return outputOf(output);
    } catch (error) {
      throw error instanceof CallError ? error : notPrepared(what, error as PlugboardError);
    }
  }

  /** Units of fuel that the last call has used; null before the first. */
  get fuelUsed(): number | null {
    return this.#fuelUsed;
  }

  /**
   * Ends the plugin and releases its memory, after the calls that run in it. Its isolate ends when the platform needs the room. Another
   * object of the same tenant and bytes goes on with a new plugin.
   */
  close(): Promise<void>;
  async close(...extra: unknown[]): Promise<void> {
    refuseArguments('close', extra);
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#child(this.#codeOf).close();
    } catch {
      // Then the isolate is gone, and the plugin with it.
    }
  }

  /** @internal Makes the plugin, so that loading fails for one that cannot start. @throws {CreateError} */
  async start(): Promise<void> {
    const start = () => this.#ask(child => child.start());
    try {
      await start().catch(error => {
        if (!(error instanceof IsolateFailed) || error.isLoading) throw error;
        // The isolate failed while another request loaded it.
        renounce(this.#name);
        return start();
      });
    } catch (error) {
      if (error instanceof CreateError) throw error;
      throw new CreateError('WORKER_FAILED', `loadPlugin: ${messageOf(error)}`, { cause: error });
    }
  }

  /** An entrypoint belongs to the request that made it, so each call gets one. The isolate stays the same. */
  #child(codeOf: () => Promise<WorkerCode>): Child {
    return this.#loader.get(nameNow(this.#name), codeOf).getEntrypoint() as Child;
  }

  async #ask(method: (child: Child) => Promise<Answer>): Promise<Answer> {
    // The loader passes on the text of an error alone.
    let failure: unknown;
    let isLoading = false;
    const codeOf = () => {
      isLoading = true;
      return this.#codeOf().catch((error: unknown) => {
        failure = error;
        throw error;
      });
    };
    let answer: Answer;
    try {
      answer = await method(this.#child(codeOf));
    } catch (error) {
      if (isLoading) renounce(this.#name);
      if (failure instanceof PlugboardError) throw failure;
      throw new IsolateFailed(isLoading, error);
    }
    if (answer.error) {
      this.#fuelUsed = answer.fuel;
      throw received(answer.error);
    }
    return answer;
  }
}
