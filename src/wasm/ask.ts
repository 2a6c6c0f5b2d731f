/**
 * Exports with names that begin so are the host's. A plugin's own ones cannot be called or imported, and a memory counts under any name.
 */
export const isHidden = ({ name }: { name: string }): boolean => name.startsWith('plugboard.');

/** Exports that `meter` adds: a table that holds the host's function, and the function of the start section, if any. */
export const METER_EXPORTS = { ask: 'plugboard.ask', start: 'plugboard.start' };

/** Exports that `addFuel` adds: a function that sets the counter and returns its value before, and that of the start section. */
export const FUEL_EXPORTS = { exchange: 'plugboard.fuel', start: 'plugboard.fuel.start' };

/**
 * Exports that `addFresh` adds: the pages that the memory has for the plugin, the memory, the function of the start section, and mutable
 * globals, whose index follows the dot.
 */
export const FRESH_EXPORTS = {
  pages: 'plugboard.fresh.pages',
  memory: 'plugboard.fresh.memory',
  start: 'plugboard.fresh.start',
  global: 'plugboard.fresh.global.',
};

/** The counter of code that may use any amount of fuel: a number that i64 and f64 hold exactly. */
export const NO_LIMIT = 2 ** 62;

/** Sets the counter of a module, in units of fuel, and returns its value before. */
export type Exchange = (left: number) => number;

/** A wasm function that returns 1 if the plugin must stop, else 0. */
export type Ask = WebAssembly.ExportValue;

/** Gives an instance its fuel, and then runs the function of its start section. */
export function fill({ exports }: WebAssembly.Instance, onCounter: (exchange: Exchange) => void): void {
  onCounter(exports[FUEL_EXPORTS.exchange] as Exchange);
  (exports[FUEL_EXPORTS.start] as (() => void) | undefined)?.();
}

/** Runs the function of the start section of a module whose state can be put back. */
export function begin({ exports }: WebAssembly.Instance): void {
  (exports[FRESH_EXPORTS.start] as (() => void) | undefined)?.();
}
