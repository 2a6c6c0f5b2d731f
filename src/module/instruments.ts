import { removeFresh } from '../wasm/fresh.ts';
import { removeFuel } from '../wasm/fuel.ts';
import { unmeter } from '../wasm/meter.ts';

/** The code that the host has added to a module. */
export interface Instruments {
  /** Whether the code has the checks that a time limit needs. */
  hasChecks: boolean;
  /** Whether the code counts fuel. Default: false. */
  hasFuel?: boolean | undefined;
  /** Whether the state of its instances can be put back. Default: false. */
  hasFresh?: boolean | undefined;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Returns a module without the additions of one instrument, which must be the last ones; else null. */
const REMOVE: Readonly<Record<keyof Instruments, (bytes: Bytes) => Bytes | null>> = {
  hasFresh: removeFresh,
  hasChecks: unmeter,
  hasFuel: removeFuel,
};

/** Reads from valid bytes themselves which code was added to them, in any order. */
export function instrumentsOf(bytes: Bytes): Required<Instruments> {
  const found = { hasFresh: false, hasChecks: false, hasFuel: false };
  const names = Object.keys(REMOVE) as (keyof Instruments)[];
  for (let rest: Bytes | null = bytes; rest; ) {
    const all: Bytes = rest;
    rest = null;
    for (const name of names) {
      rest = found[name] ? null : REMOVE[name](all);
      if (!rest) continue;
      found[name] = true;
      break;
    }
  }
  return found;
}
