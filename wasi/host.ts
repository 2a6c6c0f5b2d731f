/** What the embedder gives. WASI itself finds nothing: without these a program has no time, no luck and no voice. */

/** 0 realtime (ns since 1970-01-01T00:00:00Z), 1 monotonic (ns since any fixed moment, never backwards). */
export type SupportedClockId = 0 | 1;

export interface Clock {
  /** The time in ns, u64. */
  nowNs(clockId: SupportedClockId): bigint;
  /** The smallest step of that clock in ns, at least 1. */
  resolutionNs(clockId: SupportedClockId): bigint;
  /**
   * Blocks the thread for `ns` (> 0) without spinning. Left out where the thread may not block: `poll_oneoff` then
   * refuses to wait. It may return early to let `checkpoint` end the call; otherwise the time counts as passed,
   * because a clock that stands still would else wait for ever.
   */
  sleepNs?(ns: bigint): void;
}

export interface Random {
  /** Fills all of `bytes`. They may lie in shared memory, which `crypto.getRandomValues` refuses. */
  fill(bytes: Uint8Array): void;
}

export interface Source {
  /** Copies up to `into.length` bytes (at least 1) and answers how many, 0 at the end. `into` is plugin memory: not to be kept. */
  read(into: Uint8Array): number;
}

export interface Sink {
  /** Takes all of `bytes`; they are a copy, the sink's to keep. A sink that throws makes the program's write fail with EIO. */
  write(bytes: Uint8Array): void;
  /**
   * Whether programs see a terminal (`isatty`). C programs then write line by line; else they hold output back until
   * 1 KiB or more has come together or they end, which a plugin never does. Default false.
   */
  readonly isTerminal?: boolean;
}
