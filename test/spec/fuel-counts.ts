import { FUEL_EXPORTS } from '../../src/wasm/ask.ts';
import { addFuel, isOnlyFuelled } from '../../src/wasm/fuel.ts';
import { type Fact, noCounts, runScript } from './run-script.ts';
import type { Script } from './script.ts';

/** Units that the instances of a script use, in the order in which they are made. */
export type ScriptFuel = readonly number[];

export const SPEC_FUEL_FILE = 'test/fuel/spec-counts.json';

/** A counter that f64 holds exactly. No script uses as much. */
const FULL = 2 ** 52;

/** The depth at which a call stack is exhausted differs between engines, and between runs of one. */
const isStackOverflow = ({ text }: Fact): boolean => /^threw RangeError .*call stack/i.test(text);

/** Returns the fuel that a script uses; a text where this engine cannot tell it, with the reason. */
export function fuelOf(script: Script): ScriptFuel | string {
  const counters: ((left: number) => number)[] = [];
  const counts = noCounts();
  const facts = runScript(
    script,
    {
      name: 'fuel',
      apply: addFuel,
      check: isOnlyFuelled,
      arm({ exports }) {
        const exchange = exports[FUEL_EXPORTS.exchange] as (left: number) => number;
        counters.push(exchange);
        exchange(FULL);
        (exports[FUEL_EXPORTS.start] as (() => void) | undefined)?.();
      },
    },
    counts,
    () => {},
  );
  if (counts.unknown > 0) return 'a module is unknown to this engine';
  if (facts.some(isStackOverflow)) return 'a call stack is exhausted';
  return counters.map(exchange => FULL - exchange(0));
}
