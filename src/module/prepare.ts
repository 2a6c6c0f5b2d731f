import { customSection } from '../../abi/encode.ts';
import { CreateError } from '../errors.ts';
import { FUEL_EXPORTS, METER_EXPORTS } from '../wasm/ask.ts';
import { concat } from '../wasm/bytes.ts';
import {
  capMemories,
  capTotal,
  exportedMemories,
  type Footprint,
  footprintOf,
  isOnlyCapped,
} from '../wasm/cap-memory.ts';
import { addFresh, isOnlyFresh, whyNotFresh } from '../wasm/fresh.ts';
import { addFuel, isOnlyFuelled } from '../wasm/fuel.ts';
import { type Names, whyNotAdded } from '../wasm/instrument.ts';
import { isOnlyMetered, meter } from '../wasm/meter.ts';
import { readModule } from '../wasm/reader.ts';
import { type Instruments, instrumentsOf } from './instruments.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Limits that the bytes of a module keep. */
export interface Preparation extends Instruments, Partial<Footprint> {
  /** The most pages with which a memory of the module starts. */
  initialPages: number;
  /** The most pages by which an exported memory and all others may grow; null without a maximum. */
  growthPages: number | null;
}

interface PrepareOptions {
  /** `memory.max_pages` */
  maxPages?: number | undefined;
  /** `limits.memoryPages` */
  memoryPages?: number | undefined;
  fuel?: boolean;
  time: boolean;
  /** `isolation: 'fresh'`, in place */
  fresh?: boolean;
}

/**
 * A custom section that says of a module how it was made, for people. No decision rests on it: `preparationOf` walks the bytes.
 */
export const PREPARED_SECTION = 'plugboard.prepared';

/**
 * Applies the transforms of limits before a module is compiled, for platforms that compile no bytes.
 * @throws {CreateError} INVALID_WASM; UNSUPPORTED for a form that the host does not know
 */
export function prepareModule(
  bytes: Bytes,
  { maxPages, memoryPages, fuel = false, time, fresh = false }: PrepareOptions,
): Bytes {
  if (!WebAssembly.validate(bytes))
    throw new CreateError('INVALID_WASM', `prepare: ${bytes.length} bytes are not a valid module`);
  let prepared = bytes;
  const refuse = (exports?: Names): never => {
    throw new CreateError('UNSUPPORTED', `prepare: the module ${whyNotAdded(prepared, exports)}`);
  };
  if (fuel) {
    const fuelled = addFuel(prepared) ?? refuse(FUEL_EXPORTS);
    prepared = isOnlyFuelled(prepared, fuelled) ? fuelled : refuse();
  }
  if (time) {
    const metered = meter(prepared) ?? refuse(METER_EXPORTS);
    prepared = isOnlyMetered(prepared, metered) ? metered : refuse();
  }
  if (fresh) {
    const why = whyNotFresh(prepared);
    if (why)
      throw new CreateError('UNSUPPORTED', `prepare: its state cannot be put back in place: it ${why}`);
    const exporting = addFresh(prepared) ?? refuse();
    prepared = isOnlyFresh(prepared, exporting) ? exporting : refuse();
  }
  // Last, because fuel and checks add a table and globals.
  const caps: [number | undefined, typeof capTotal][] = [
    [maxPages, capMemories],
    [memoryPages, capTotal],
  ];
  for (const [pages, cap] of caps) {
    if (pages === undefined) continue;
    const capped = cap(prepared, pages) ?? refuse();
    prepared = isOnlyCapped(prepared, capped) ? capped : refuse();
  }
  const footprint = footprintOf(prepared);
  if (memoryPages !== undefined && (footprint?.maxPages ?? 0) > memoryPages) {
    const message = `prepare: the module starts with ${footprint?.startPages} pages of memories, tables and globals, over ${memoryPages}`;
    throw new CreateError('MEMORY_LIMIT', message);
  }
  const mark = JSON.stringify({
    version: 1,
    maxPages: maxPages ?? null,
    memoryPages: memoryPages ?? null,
    fuel,
    time,
    fresh,
  });
  prepared = concat([
    prepared,
    Uint8Array.from(customSection(PREPARED_SECTION, [...new TextEncoder().encode(mark)])),
  ]);
  return WebAssembly.validate(prepared) ? prepared : refuse();
}

/** Reads from valid bytes themselves which limits they keep. */
export function preparationOf(bytes: Bytes): Preparation {
  const outline = readModule(bytes);
  const { memories, problems } = outline;
  const isExported = exportedMemories(outline);
  const own = memories.filter(({ imported }) => !imported);
  let [seenPages, hiddenPages] = [0, 0];
  own.forEach(({ initialPages, maxPages }, index) => {
    const growth = (maxPages ?? Number.POSITIVE_INFINITY) - initialPages;
    if (isExported[index]) seenPages = Math.max(seenPages, growth);
    else hiddenPages += growth;
  });
  const growthPages = seenPages + hiddenPages;
  return {
    ...instrumentsOf(bytes),
    initialPages: Math.max(0, ...own.map(({ initialPages }) => initialPages)),
    ...footprintOf(bytes),
    growthPages: problems.length === 0 && Number.isFinite(growthPages) ? growthPages : null,
  };
}
