import type { Kernel, LogLevel } from '../abi/index.ts';
import { PlugboardError } from './errors.ts';
import { readInput } from './input.ts';
import { type OutputCopier, PluginOutput } from './output.ts';

/**
 * What a host function gets as its first argument: the plugin's kernel memory, variables and log level. The class
 * and its methods are those of the official JS SDK. Handles are byte offsets into the kernel memory.
 */
export class CallContext {
  readonly #ownKernel: Kernel;
  readonly #copier: OutputCopier;
  readonly #currentHostContext: () => unknown;
  readonly #isOver: () => boolean;

  constructor(kernel: Kernel, copier: OutputCopier, currentHostContext: () => unknown, isOver = () => false) {
    this.#ownKernel = kernel;
    this.#copier = copier;
    this.#currentHostContext = currentHostContext;
    this.#isOver = isOver;
  }

  /** An async host function may go on after its call was ended, when the kernel serves another one. */
  get #kernel(): Kernel {
    if (this.#isOver()) {
      throw new PlugboardError(
        'CALL_OVER',
        'this context belongs to a call that is over; its blocks are gone',
      );
    }
    return this.#ownKernel;
  }

  /** What the caller gave `plugin.call` as its third argument, else undefined. */
  hostContext<T = unknown>(): T {
    return this.#currentHostContext() as T;
  }

  /** A zeroed block of `length` bytes. @returns its handle, 0 for a length of 0. @throws MEMORY_LIMIT */
  alloc(length: bigint | number): bigint {
    const handle = this.#kernel.memory.alloc(Number(length));
    if (handle === 0 && BigInt(length) !== 0n) {
      this.#kernel.check();
      throw new PlugboardError('MEMORY_LIMIT', `kernel memory: no room for a block of ${length} bytes`);
    }
    return BigInt(handle);
  }

  /** Ends a block. What is not the handle of one is left alone. */
  free(handle: bigint | number): void {
    this.#kernel.free(Number(handle));
  }

  /** A copy of a block, or null when `handle` is not the handle of one. */
  read(handle: bigint | number): PluginOutput | null {
    const length = this.#kernel.memory.length(Number(handle));
    return length === 0 ? null : this.#copier.copy(Number(handle), length);
  }

  /** A new block with a copy of `input`, text as UTF-8. @returns its handle, 0 for an empty one. @throws MEMORY_LIMIT, INVALID_INPUT, TEXT_TOO_LONG */
  store(input: string | Uint8Array): bigint {
    return BigInt(this.#kernel.place(readInput(input, PlugboardError)));
  }

  /** Bytes of a block, 0 when `handle` is not the handle of one. */
  length(handle: bigint | number): bigint {
    return BigInt(this.#kernel.memory.length(Number(handle)));
  }

  /** A copy of a variable of the plugin, or null. */
  getVariable(name: string): PluginOutput | null {
    const value = this.#kernel.vars.get(name);
    return value ? new PluginOutput(value.buffer) : null;
  }

  /** @throws VAR_LIMIT, VARS_DISABLED, INVALID_INPUT, TEXT_TOO_LONG */
  setVariable(name: string, value: string | Uint8Array): void {
    this.#kernel.vars.set(name, readInput(value, PlugboardError));
  }

  /** @throws VARS_DISABLED */
  deleteVariable(name: string): void {
    this.#kernel.vars.delete(name);
  }

  /** Sets the error text that the call will fail with; without an argument, takes it back. */
  setError(error?: string | Error | null): void {
    const text = error instanceof Error ? error.message : error;
    this.#kernel.error = text == null ? null : { handle: Number(this.store(text)), text };
  }

  get logLevel(): LogLevel {
    return this.#kernel.logLevel;
  }

  set logLevel(level: LogLevel) {
    this.#kernel.logLevel = level;
  }
}
