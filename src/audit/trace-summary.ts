import { findReflow } from '../inspect/reflow.ts';
import type { TraceEvent } from '../trace/events.ts';
import { withCommas } from '../units.ts';
import { CAPABILITIES, capabilitiesOfImport } from './capabilities.ts';
import type { CapabilityId } from './report.ts';

/** A power that the plugins of a trace used, and the imports through which. */
export interface UsedPower {
  id: CapabilityId;
  imports: { namespace: string; name: string; calls: number; refused: number }[];
}

/** Calls and powers of the plugins of a trace, in numbers. */
export interface TraceSummary {
  plugins: number;
  calls: number;
  failed: number;
  imports: number;
  refused: number;
  /** The widest first. */
  powers: UsedPower[];
}

/** A number with the word that it counts. */
export const count = (number: number, word: string): string =>
  `${withCommas(number)} ${word}${number === 1 ? '' : 's'}`;

export function summarize(events: readonly TraceEvent[]): TraceSummary {
  const imports = events.filter(event => event.type === 'import');
  const opensFiles = imports.some(({ from, name }) => from === 'wasi' && name === 'path_open');
  const used = new Map<CapabilityId, Map<string, UsedPower['imports'][number]>>();
  for (const { namespace, name, from, allowed } of imports) {
    const own = from === 'host' ? (findReflow(namespace, name) ? 'reflow' : 'host') : from;
    const origin = own === 'http' ? 'kernel' : own;
    for (const id of capabilitiesOfImport({ namespace, name }, origin, opensFiles)) {
      const named = used.get(id) ?? new Map<string, UsedPower['imports'][number]>();
      used.set(id, named);
      const key = JSON.stringify([namespace, name]);
      const item = named.get(key) ?? { namespace, name, calls: 0, refused: 0 };
      named.set(key, item);
      item.calls++;
      if (!allowed) item.refused++;
    }
  }
  const ends = events.filter(event => event.type === 'return');
  return {
    plugins: events.filter(({ type }) => type === 'trace').length,
    calls: ends.length,
    failed: ends.filter(({ error }) => error).length,
    imports: imports.length,
    refused: imports.filter(({ allowed }) => !allowed).length,
    powers: (Object.keys(CAPABILITIES) as CapabilityId[]).flatMap(id => {
      const named = used.get(id);
      return named ? [{ id, imports: [...named.values()] }] : [];
    }),
  };
}
