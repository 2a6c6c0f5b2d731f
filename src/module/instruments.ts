import { removeFuel } from '../wasm/fuel.ts';
import { unmeter } from '../wasm/meter.ts';

/** The code that the host has added to a module. */
export interface Instruments {
  /** Whether the code has the checks that a time limit needs. */
  hasChecks: boolean;
  /** Whether the code counts fuel. Default: false. */
  hasFuel?: boolean | undefined;
}

/** Reads from valid bytes whether they ask for the time and count fuel. Checks are added last, and are taken out first. */
export function instrumentsOf(bytes: Uint8Array<ArrayBuffer>): Required<Instruments> {
  const unmetered = unmeter(bytes);
  return { hasChecks: unmetered !== null, hasFuel: removeFuel(unmetered ?? bytes) !== null };
}
