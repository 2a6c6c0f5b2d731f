import {
  type Clock,
  createWasi,
  type Sink,
  type Wasi,
  type WasiDiagnostic,
  type WasiFunctionName,
  type WasiOptions,
} from '../../wasi/index.ts';
import { bytesEqual } from '../helpers/assert.ts';

export const GUARD = 0x3f;
export const PAGE_BYTES = 65_536;
export const utf8 = (text: string): number[] => Array.from(new TextEncoder().encode(text));
export const u16 = (value: number): number[] => [value & 0xff, value >>> 8];
export const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
export const u64 = (value: bigint): number[] => [
  ...u32(Number(value & 0xffff_ffffn)),
  ...u32(Number(value >> 32n)),
];
export const zeros = (length: number): number[] => new Array<number>(length).fill(0);

/** A clock that moves only by sleeping. Realtime 1000 s, monotonic 5 s at the start. */
export class FakeClock implements Clock {
  readonly nows = [1_000_000_000_000n, 5_000_000_000n];
  readonly slept: bigint[] = [];
  nowNs(id: 0 | 1): bigint {
    return this.nows[id]!;
  }
  resolutionNs(id: 0 | 1): bigint {
    return id === 0 ? 1_000_000n : 42n;
  }
  sleepNs(ns: bigint): void {
    this.slept.push(ns);
    this.nows[0] = this.nows[0]! + ns;
    this.nows[1] = this.nows[1]! + ns;
  }
}

/** Returns the clock without `sleepNs`, as on a thread that may not block. */
export const sleepless = (clock: Clock): Clock => ({
  nowNs: id => clock.nowNs(id),
  resolutionNs: id => clock.resolutionNs(id),
});

export class CollectingSink implements Sink {
  readonly writes: Uint8Array[] = [];
  write(bytes: Uint8Array): void {
    this.writes.push(bytes);
  }
  get texts(): string[] {
    return this.writes.map(bytes => new TextDecoder().decode(bytes));
  }
}

/** One page of plugin memory full of guard bytes, with a WASI bound to it. */
export class Guest {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  readonly clock = new FakeClock();
  readonly stdout = new CollectingSink();
  readonly stderr = new CollectingSink();
  readonly diagnostics: WasiDiagnostic[] = [];
  readonly wasi: Wasi;
  readonly #placed: [pointer: number, bytes: readonly number[]][] = [];

  constructor(options: Partial<WasiOptions> = {}) {
    this.bytes.fill(GUARD);
    this.wasi = createWasi({
      clock: this.clock,
      random: { fill: bytes => void bytes.fill(0xaa) },
      stdout: this.stdout,
      stderr: this.stderr,
      onDiagnostic: diagnostic => void this.diagnostics.push(diagnostic),
      ...options,
    });
    this.wasi.bind(this.memory);
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.memory.buffer);
  }

  /** Writes bytes into the memory as the program does. */
  place(pointer: number, bytes: readonly number[]): this {
    this.bytes.set(bytes, pointer);
    this.#placed.push([pointer, bytes]);
    return this;
  }

  placeIovecs(pointer: number, ...pieces: readonly (readonly [pointer: number, length: number])[]): this {
    return this.place(
      pointer,
      pieces.flatMap(([at, length]) => [...u32(at), ...u32(length)]),
    );
  }

  call(name: WasiFunctionName, ...args: (number | bigint)[]): number {
    return this.wasi.imports[name](...args) as number;
  }

  /** Fails unless exactly these bytes were written and all other bytes, guards included, are unchanged. */
  wrote(...expected: readonly (readonly [pointer: number, bytes: readonly number[]])[]): void {
    const image = new Uint8Array(this.bytes.length).fill(GUARD);
    for (const [pointer, bytes] of [...this.#placed, ...expected]) image.set(bytes, pointer);
    const actual = this.bytes;
    const at = actual.findIndex((byte, index) => byte !== image[index]);
    if (at < 0) return;
    const start = Math.max(0, at - 8);
    bytesEqual(actual.slice(start, at + 72), image.slice(start, at + 72), `memory differs at ${at}`);
  }
}
