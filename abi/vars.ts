import { AbiError } from './errors.ts';
import { shorten, toBytes, utf8 } from './utf8.ts';

/**
 * A plugin's variables. They are stored by the host, outlive calls and instances, and are copied when they are set and read.
 * The limit counts the UTF-8 bytes of every key and the bytes of every value.
 */
export class Vars {
  readonly #values = new Map<string, { bytes: Uint8Array<ArrayBuffer>; sizeBytes: number }>();
  readonly #maxBytes: number;
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#values.get(key)?.bytes.slice();
  }

  /**
   * Keeps a copy of `value`, text as UTF-8.
   * @throws {AbiError} VARS_DISABLED, VAR_LIMIT, TEXT_TOO_LONG; nothing has changed then
   */
  set(key: string, value: string | Uint8Array): void {
    this.#refuseIfDisabled();
    const keyBytes = utf8(key).length;
    const bytes = toBytes(value);
    const sizeBytes = keyBytes + bytes.length;
    const usedBytes = this.#usedBytes - (this.#values.get(key)?.sizeBytes ?? 0) + sizeBytes;
    if (usedBytes > this.#maxBytes) {
      throw new AbiError(
        'VAR_LIMIT',
        `Variable store is full: var "${shorten(key)}" (${sizeBytes} bytes with its key) would bring it to ${usedBytes} bytes, ` +
          `over the limit of ${this.#maxBytes} bytes (memory.maxVarBytes)`,
      );
    }
    const copy = new Uint8Array(bytes.length);
    // A detached array has length 0, and cannot be read.
    if (bytes.length > 0) copy.set(bytes);
    this.#values.set(key, { bytes: copy, sizeBytes });
    this.#usedBytes = usedBytes;
  }

  /** @throws {AbiError} VARS_DISABLED */
  delete(key: string): void {
    this.#refuseIfDisabled();
    this.#usedBytes -= this.#values.get(key)?.sizeBytes ?? 0;
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
    this.#usedBytes = 0;
  }

  /** Copies of all variables, by name. */
  snapshot(): Map<string, Uint8Array> {
    return new Map(Array.from(this.#values, ([key, { bytes }]) => [key, bytes.slice()]));
  }

  #refuseIfDisabled(): void {
    if (this.#maxBytes === 0) {
      throw new AbiError('VARS_DISABLED', 'Vars are disabled by this host (memory.maxVarBytes is 0 bytes)');
    }
  }
}
