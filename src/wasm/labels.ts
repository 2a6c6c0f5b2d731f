import { unsigned } from '../../abi/encode.ts';
import { Cursor, Malformed } from './cursor.ts';
import { skipBlockType } from './instructions.ts';

export const [LOOP, END] = [0x03, 0x0b];
const [BLOCK, IF, TRY, DELEGATE, TRY_TABLE, BR_ON_NULL] = [0x02, 0x04, 0x06, 0x18, 0x1f, 0xd5];
const OPENS = new Set([BLOCK, LOOP, IF, TRY, TRY_TABLE]);
/** `delegate` ends its `try`. */
const CLOSES = new Set([END, DELEGATE]);

/** Whether an instruction neither is a block, nor leads to another place, nor has a prefix. Most are so. */
export const isPlain = (opcode: number): boolean => opcode > TRY_TABLE && opcode < BR_ON_NULL;

type Read = (operands: Cursor, label: () => void) => void;
const alone: Read = (_, label) => label();

/** Reads the labels of `rethrow`, `br`, `br_if`, `br_table`, `delegate`, `try_table`, `br_on_null` and `br_on_non_null`. */
const LABELS: Readonly<Record<number, Read>> = {
  9: alone,
  12: alone,
  13: alone,
  14: (operands, label) => {
    operands.each('labels', label);
    label();
  },
  [DELEGATE]: alone,
  [TRY_TABLE]: (operands, label) => {
    skipBlockType(operands);
    operands.each('catch clauses', () => {
      const hasTag = operands.byte('the kind of a catch clause') < 2;
      if (hasTag) operands.skipLeb('a tag');
      label();
    });
  },
  [BR_ON_NULL]: alone,
  [BR_ON_NULL + 1]: alone,
  // br_on_cast and br_on_cast_fail: flags come before the label.
  251: (operands, label) => {
    const number = operands.u32('an instruction');
    if (number !== 24 && number !== 25) return;
    operands.byte('flags');
    label();
  },
};

/** A label at `start`, up to `end`, with other bytes. */
export interface Relabelled {
  start: number;
  end: number;
  bytes: Uint8Array;
}

/** Follows the labels of a body in which each loop is put into one more loop, or taken out of it. */
export class Labels {
  /** For each open label of the original, from the body's own on, its index among those of the changed body. A loop has two. */
  readonly #indices: number[] = [0];
  readonly #loops: boolean[] = [false];
  readonly #change: (depth: number) => number;

  /** @param direction whether loops are put into others, or taken out */
  constructor(direction: 'in' | 'out') {
    this.#change = direction === 'in' ? depth => this.#deeper(depth) : depth => this.#shallower(depth);
  }

  /**
   * Sees the next instruction of the original.
   * @param onEnd called if it is the end of a loop
   * @param onLabel called for each of its labels that changes
   */
  see(
    bytes: Uint8Array,
    opcode: number,
    immediates: number,
    onEnd: () => void,
    onLabel: (label: Relabelled) => void,
  ): void {
    if (CLOSES.has(opcode)) {
      this.#indices.pop();
      if (this.#loops.pop()) onEnd();
    }
    const operands = new Cursor(bytes, immediates);
    LABELS[opcode]?.(operands, () => {
      const start = operands.at;
      const depth = operands.u32('a label');
      const changed = this.#change(depth);
      const end = operands.at;
      if (changed !== depth) onLabel({ start, end, bytes: sameForm(depth, end - start, changed, start) });
    });
    if (!OPENS.has(opcode)) return;
    this.#indices.push(this.#index(0) + (opcode === LOOP ? 2 : 1));
    this.#loops.push(opcode === LOOP);
  }

  #index(depth: number): number {
    return this.#indices.at(-1 - depth) ?? refuse(depth);
  }

  #deeper(depth: number): number {
    return this.#index(0) - this.#index(depth);
  }

  /** @throws {Malformed} for the label of an added loop */
  #shallower(depth: number): number {
    const indices = this.#indices;
    const wanted = this.#index(0) - depth;
    let [low, high] = [0, indices.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (indices[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    if (indices[low] === wanted) return indices.length - 1 - low;
    return refuse(depth);
  }
}

function refuse(depth: number): never {
  throw new Malformed(0, 'the label of an open block', String(depth));
}

/** Encodes a label. Keeps the width of one that is longer than it must be, so that it can be put back. */
function sameForm(depth: number, widthBytes: number, changed: number, at: number): Uint8Array {
  const short = unsigned(changed);
  if (unsigned(depth).length === widthBytes) return Uint8Array.from(short);
  if (short.length >= widthBytes) throw new Malformed(at, 'a label of fewer bytes', `${widthBytes} bytes`);
  const long = Array.from({ length: widthBytes }, (_, index) => (short[index] ?? 0) | 0x80);
  return Uint8Array.from(long.with(-1, long.at(-1)! & 0x7f));
}
