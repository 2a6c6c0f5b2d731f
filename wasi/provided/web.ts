import type { Clock, Random } from '../embedder.ts';
import { refuseOption } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { ClockId } from '../spec/constants.ts';

/** The most bytes that one call of `crypto.getRandomValues` accepts. */
const RANDOM_PIECE_BYTES = 65_536;
const NS_PER_MS = 1_000_000n;

/**
 * Returns the real clock, from web standards. Realtime has steps of 1 ms and follows corrections of the host's clock. Monotonic
 * time is as fine as `performance.now()`, which browsers and edge workers make coarser. The clock can sleep where the thread may
 * block: not on a browser's main thread and not on workerd.
 */
export function webClock(): Clock;
export function webClock(...extra: unknown[]): Clock {
  refuseExtra(extra, 'webClock', refuseOption);
  const clock: Clock = {
    nowNs: id =>
      id === ClockId.REALTIME
        ? BigInt(Date.now()) * NS_PER_MS
        : BigInt(Math.round(performance.now() * Number(NS_PER_MS))),
    resolutionNs: id => (id === ClockId.REALTIME ? NS_PER_MS : 1_000n),
  };
  const cell = blockingCell();
  if (cell) clock.sleepNs = ns => void Atomics.wait(cell, 0, 0, Number(ns) / Number(NS_PER_MS));
  return clock;
}

/** Returns memory to wait on, or undefined on a thread that may not wait: there even a wait of 0 ms throws. */
function blockingCell(): Int32Array<SharedArrayBuffer> | undefined {
  try {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(cell, 0, 0, 0);
    return cell;
  } catch {
    return undefined;
  }
}

/** Returns a source of cryptographic random bytes. */
export function webRandom(): Random;
export function webRandom(...extra: unknown[]): Random {
  refuseExtra(extra, 'webRandom', refuseOption);
  return {
    fill(bytes) {
      for (let at = 0; at < bytes.length; at += RANDOM_PIECE_BYTES) {
        // Filled through a new array, because `bytes` may be shared memory.
        const piece = new Uint8Array(Math.min(RANDOM_PIECE_BYTES, bytes.length - at));
        bytes.set(crypto.getRandomValues(piece), at);
      }
    },
  };
}
