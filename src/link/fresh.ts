import type { Wasi } from '../../wasi/index.ts';
import { PAGE_BYTES } from '../units.ts';
import { FRESH_EXPORTS } from '../wasm/ask.ts';
import type { LinkedModule } from './plan.ts';

/** The state of instances after their start functions. */
export interface KeptState {
  /** Why it cannot be put back exactly; null if it can. */
  readonly why: string | null;
  /** Puts it back. Returns false, and has done nothing, where new instances are needed or cost less. */
  restore(): boolean;
}

/** Memories are put back up to this size: a new instance costs less than to zero more. */
const MOST_PAGES = 1024;
/** Parts of a memory that are all zero are not kept. In words of 8 bytes. */
const CHUNK_WORDS = 512;

/** A memory, with the parts of it that are not zero. */
class KeptMemory {
  readonly #memory: WebAssembly.Memory;
  readonly #parts: { at: number; bytes: Uint8Array }[] = [];

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    const words = new BigUint64Array(memory.buffer);
    for (let at = 0; at < words.length; at += CHUNK_WORDS) {
      const chunk = words.subarray(at, at + CHUNK_WORDS);
      if (chunk.some(word => word !== 0n))
        this.#parts.push({
          at: at * 8,
          bytes: new Uint8Array(memory.buffer, at * 8, chunk.byteLength).slice(),
        });
    }
  }

  get pages(): number {
    return this.#memory.buffer.byteLength / PAGE_BYTES;
  }

  restore(): void {
    const bytes = new Uint8Array(this.#memory.buffer).fill(0);
    for (const part of this.#parts) bytes.set(part.bytes, part.at);
  }
}

/** One instance whose module exports its state. */
class KeptInstance {
  readonly memory: KeptMemory | null;
  readonly #globals: { global: WebAssembly.Global; value: unknown }[];

  constructor({ exports }: WebAssembly.Instance) {
    const memory = exports[FRESH_EXPORTS.memory] as WebAssembly.Memory | undefined;
    this.memory =
      memory && memory.buffer.byteLength <= MOST_PAGES * PAGE_BYTES ? new KeptMemory(memory) : null;
    this.#globals = Object.entries(exports)
      .filter(([name]) => name === FRESH_EXPORTS.pages || name.startsWith(FRESH_EXPORTS.global))
      .map(([, item]) => ({ global: item as WebAssembly.Global, value: (item as WebAssembly.Global).value }));
  }

  restore(): void {
    this.memory?.restore();
    for (const { global, value } of this.#globals) global.value = value;
  }
}

const inexact = (why: string): KeptState => ({ why, restore: () => false });

/** Keeps the state of all instances of a plugin. */
export function keepState(
  made: ReadonlyMap<string, WebAssembly.Instance>,
  modules: ReadonlyMap<string, LinkedModule>,
  wasis: readonly Wasi[],
): KeptState {
  const instances: KeptInstance[] = [];
  for (const [name, instance] of made) {
    const { hasFresh, whyNotFresh } = modules.get(name)!;
    if (!hasFresh) return inexact(`module "${name}" ${whyNotFresh ?? 'is too large to change'}`);
    const kept = new KeptInstance(instance);
    if (!kept.memory && FRESH_EXPORTS.memory in instance.exports)
      return inexact(`module "${name}" starts with more than ${MOST_PAGES} pages`);
    instances.push(kept);
  }
  if (!wasis.every(wasi => wasi.keep()))
    return inexact('a start function opened or closed a file descriptor');
  return {
    why: null,
    restore() {
      if (instances.some(({ memory }) => memory !== null && memory.pages > MOST_PAGES)) return false;
      for (const wasi of wasis) wasi.reset();
      for (const instance of instances) instance.restore();
      return true;
    },
  };
}
