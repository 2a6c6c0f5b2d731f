import { KINDS, SECTIONS, sized, text, unsigned } from '../../abi/encode.ts';
import { begin, type Exchange, fill, NO_LIMIT } from '../../src/wasm/ask.ts';
import { capMemories, capTotal, isOnlyCapped } from '../../src/wasm/cap-memory.ts';
import { addFresh, isOnlyFresh } from '../../src/wasm/fresh.ts';
import { addFuel, isOnlyFuelled } from '../../src/wasm/fuel.ts';
import { arm, makeAsk } from '../../src/wasm/make-ask.ts';
import { isOnlyMetered, meter } from '../../src/wasm/meter.ts';
import { readModule } from '../../src/wasm/reader.ts';
import { type Excuses, FIXED_TABLES } from './excuses.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

/** A transform, and the checker of its result. */
export interface Change {
  readonly name: string;
  /** Returns null for a module that stays as it is. */
  apply(bytes: Bytes): Bytes | null;
  check(before: Bytes, after: Bytes): boolean;
  /** Runs after instantiation. */
  arm(instance: WebAssembly.Instance): void;
  /** Commands whose outcome the transform changes on purpose. */
  readonly forbids?: Excuses;
}

/** No memory of 32-bit addresses may have more. */
const MOST_PAGES = 65_536;
/** Enough for all memories of one module. */
const MOST_TOTAL = 100 * MOST_PAGES;

const fillAll = (exchange: Exchange) => void exchange(NO_LIMIT);
const never = makeAsk(() => false);

const ALONE: readonly Change[] = [
  {
    name: 'fuel',
    apply: addFuel,
    check: isOnlyFuelled,
    arm: instance => fill(instance, fillAll),
  },
  { name: 'meter', apply: meter, check: isOnlyMetered, arm: instance => arm(instance, never) },
  { name: 'fresh', apply: addFresh, check: isOnlyFresh, arm: begin },
  {
    name: 'cap-memory',
    apply: bytes => capMemories(bytes, MOST_PAGES),
    check: isOnlyCapped,
    arm: () => {},
  },
  {
    name: 'cap-total',
    apply: bytes => capTotal(bytes, MOST_TOTAL),
    check: isOnlyCapped,
    arm: () => {},
    forbids: FIXED_TABLES,
  },
];

export const CHANGES = ALONE;

/**
 * Exports each memory and each global of a module by names of its own, so that two runs can be compared by all that they leave.
 * Returns null for a module that cannot be read.
 */
export function exportState(bytes: Bytes): Bytes | null {
  const { sections, memories, globals, exports, problems } = readModule(bytes);
  if (problems.length > 0) return null;
  const items = [
    ...memories.map((_, index) => [
      ...text(stateName('memory', index)),
      KINDS.indexOf('memory'),
      ...unsigned(index),
    ]),
    ...Array.from({ length: globals }, (_, index) => [
      ...text(stateName('global', index)),
      KINDS.indexOf('global'),
      ...unsigned(index),
    ]),
  ];
  const old = sections.find(({ id }) => id === SECTIONS.export);
  // Export entries are kept as bytes, behind their count.
  const kept = old
    ? [...bytes.subarray(old.contentsOffset + unsigned(exports.length).length, old.offset + old.sizeBytes)]
    : [];
  const made = [
    SECTIONS.export,
    ...sized([...unsigned(exports.length + items.length), ...kept, ...items.flat()]),
  ];
  const next = sections.find(({ id }) => id !== 0 && ORDER.indexOf(id) > ORDER.indexOf(SECTIONS.export));
  const [from, to] = old
    ? [old.offset, old.offset + old.sizeBytes]
    : [next?.offset ?? bytes.length, next?.offset ?? bytes.length];
  return Uint8Array.from([...bytes.subarray(0, from), ...made, ...bytes.subarray(to)]);
}

/** Ids of sections in the order in which they come. */
const ORDER: readonly number[] = Object.values(SECTIONS);
const PREFIX = 'spec state ';
const stateName = (kind: string, index: number) => `${PREFIX}${kind} ${index}`;
export const isState = (name: string): boolean => name.startsWith(PREFIX);
