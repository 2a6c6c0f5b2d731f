import type { Kernel, LogLevel } from '../../abi/index.ts';
import { isError } from '../../wasi/brands.ts';
import { messageOf, PlugboardError } from '../errors.ts';
import { readInput } from '../values/input.ts';
import { type OutputCopier, PluginOutput } from '../values/output.ts';

/** Not only `Number(value)`, which throws for symbols and some objects. */
function toNumber(value: unknown): number {
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value);
  throw new PlugboardError('INVALID_INPUT', `expected a bigint or a number, got a ${typeof value}`);
}

/** Tells a context whether its call still runs. */
export interface ContextOwner {
  /** The context of the running call. */
  readonly context: CallContext | null;
}

/**
 * The first argument of a host function. Gives access to the plugin's kernel memory, variables and log level. Class and
 * methods have the names of the official JS SDK. Handles are byte offsets into the kernel memory.
 */
export class CallContext {
  readonly #ownKernel: Kernel;
  readonly #copier: OutputCopier;
  readonly #hostContext: unknown;
  readonly #owner: ContextOwner;

  constructor(kernel: Kernel, copier: OutputCopier, hostContext: unknown, owner: ContextOwner) {
    this.#ownKernel = kernel;
    this.#copier = copier;
    this.#hostContext = hostContext;
    this.#owner = owner;
  }

  /** Checked at each use: a host function may keep its context after the call has ended, while the kernel serves the next call. */
  #inCall(advice: string): Kernel {
    if (this.#owner.context !== this) {
      throw new PlugboardError('CALL_OVER', `this context belongs to a call that is over; ${advice}`);
    }
    return this.#ownKernel;
  }

  get #kernel(): Kernel {
    return this.#inCall('its blocks are gone');
  }

  get #vars(): Kernel['vars'] {
    return this.#inCall('between calls use plugin.getVar and plugin.setVar').vars;
  }

  /** Returns the third argument of `plugin.call`, or undefined if it was left out. */
  hostContext<T = unknown>(): T {
    return this.#hostContext as T;
  }

  /** Allocates a zeroed block of `length` bytes. @returns its handle, 0 for a length of 0. @throws MEMORY_LIMIT */
  alloc(length: bigint | number): bigint {
    const bytes = toNumber(length);
    const handle = this.#kernel.memory.alloc(bytes);
    if (handle === 0 && bytes !== 0) {
      this.#kernel.check();
      throw new PlugboardError('MEMORY_LIMIT', `kernel memory: no room for a block of ${length} bytes`);
    }
    return BigInt(handle);
  }

  /** Frees a block. A number that is not the handle of a live block has no effect. */
  free(handle: bigint | number): void {
    this.#kernel.free(toNumber(handle));
  }

  /** Returns a copy of a block, an empty one for handle 0, and null if `handle` is not the handle of a live block. */
  read(handle: bigint | number): PluginOutput | null {
    const start = toNumber(handle);
    const length = this.#kernel.memory.length(start);
    return length === 0 && start !== 0 ? null : this.#copier.copy(start, length);
  }

  /**
   * Copies `input` into a new block, text as UTF-8.
   * @returns the handle of the block, 0 for an empty input
   * @throws MEMORY_LIMIT, INVALID_INPUT, TEXT_TOO_LONG
   */
  store(input: string | Uint8Array): bigint {
    return BigInt(this.#kernel.place(readInput(input, PlugboardError)));
  }

  /** Returns the length of a block in bytes, 0 if `handle` is not the handle of a live block. */
  length(handle: bigint | number): bigint {
    return BigInt(this.#kernel.memory.length(toNumber(handle)));
  }

  /** Returns a copy of a variable of the plugin, or null if it is not set. */
  getVariable(name: string): PluginOutput | null {
    const value = this.#vars.get(name);
    return value ? new PluginOutput(value.buffer) : null;
  }

  /** Sets a variable of the plugin. @throws VAR_LIMIT, VARS_DISABLED, INVALID_INPUT, TEXT_TOO_LONG */
  setVariable(name: string, value: string | Uint8Array): void {
    this.#vars.set(name, readInput(value, PlugboardError));
  }

  /** Deletes a variable of the plugin. @throws VARS_DISABLED */
  deleteVariable(name: string): void {
    this.#vars.delete(name);
  }

  /**
   * Sets the error text with which the call will fail. An empty text removes it, as `error_set(0)` does, and so does null. An
   * Error without a message still fails the call.
   */
  setError(error?: string | Error | null): void {
    const text = isError(error) ? messageOf(error) || 'Error' : (error ?? '');
    if (typeof text !== 'string')
      throw new PlugboardError(
        'INVALID_INPUT',
        `setError: expected a string or an Error, got a ${typeof text}`,
      );
    this.#kernel.error = text === '' ? null : { handle: Number(this.store(text)), text };
  }

  get logLevel(): LogLevel {
    return this.#kernel.logLevel;
  }

  set logLevel(level: LogLevel) {
    this.#kernel.logLevel = level;
  }
}
