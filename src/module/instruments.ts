import { CreateError } from '../errors.ts';
import { METER_EXPORTS } from '../wasm/ask.ts';
import { removeFresh } from '../wasm/fresh.ts';
import { removeFuel } from '../wasm/fuel.ts';
import { unmeter } from '../wasm/meter.ts';
import { readModule } from '../wasm/reader.ts';

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

/**
 * Reads from valid bytes themselves which code was added to them, in any order.
 * @param what the module, in the message of an error
 * @throws {CreateError} UNSUPPORTED for checks of another version: without the host's function they would trap after some turns
 */
export function instrumentsOf(bytes: Bytes, what = 'the module'): Required<Instruments> {
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
  const isAsk = ({ name, kind }: { name: string; kind: string }) =>
    name === METER_EXPORTS.ask && kind === 'table';
  if (found.hasChecks || !readModule(bytes).exports.some(isAsk)) return found;
  const message =
    `${what} has the export "${METER_EXPORTS.ask}" of time checks, and they are not those of this version of plugboard: ` +
    'prepare the original again (plugboard prepare --time)';
  throw new CreateError('UNSUPPORTED', message);
}
