import { code } from '../../abi/encode.ts';
import { concat, isEqual } from './bytes.ts';
import { Cursor, Malformed } from './cursor.ts';
import { readLocals } from './instructions.ts';
import { addMirror, type Mirror, removeMirror } from './mirror.ts';

const [CALL, LOCAL_TEE, I32_CONST] = [0x10, 0x22, 0x41];
export const NOTHING = new Uint8Array();

/** Other bytes between two places of a body. `local` is the mirror of its counter; undefined without one. */
export interface Edit {
  start: number;
  end: number;
  bytes(local: number | undefined): Uint8Array;
}

/** An instruction that is charged by length, and the operand of the added function. */
export interface Charged {
  is64: boolean;
  /** From 0 to 63. */
  operand: number;
}

/** The code that an instrument adds to bodies, for a counter in a global. `local` is its mirror; undefined without one. */
export class Codes {
  /** Reads the counter. No instruction of the plugin's own can name it. */
  readonly get: Uint8Array;
  /** Index of the added function for lengths of 32 bits. That for 64 bits follows. */
  readonly #long: number;
  readonly #fromGlobal: string;
  readonly #toGlobal: string;
  // A module has thousands of places with few different codes.
  readonly #made = new Map<string, Uint8Array>();

  constructor(global: number, long: number) {
    this.#fromGlobal = `global.get ${global}`;
    this.#toGlobal = `global.set ${global}`;
    this.get = this.make(this.#fromGlobal, () => [this.#fromGlobal]);
    this.#long = long;
  }

  /** Encodes instructions. @param key equal for equal ones */
  make(key: string, listing: () => readonly string[]): Uint8Array {
    const made = this.#made.get(key) ?? Uint8Array.from(code(listing()));
    this.#made.set(key, made);
    return made;
  }

  /** Reads the counter where its mirror has a value. */
  read(local: number | undefined): string {
    return local === undefined ? this.#fromGlobal : `local.get ${local}`;
  }

  /** Lowers the counter. @param isEntry whether the mirror has no value yet */
  lower(type: 'i32' | 'i64', amount: number, local: number | undefined, isEntry: boolean): string[] {
    const keep = local === undefined ? [] : [`local.tee ${local}`];
    const from = isEntry ? this.#fromGlobal : this.read(local);
    return [from, `${type}.const ${amount}`, `${type}.sub`, ...keep, this.#toGlobal];
  }

  /** Stands after calls. Empty without a mirror. */
  reload(local: number | undefined): Uint8Array {
    return this.make(`reload ${local}`, () =>
      local === undefined ? [] : [this.#fromGlobal, `local.set ${local}`],
    );
  }

  /** Stands before an instruction whose time depends on a length. */
  long({ is64, operand }: Charged, local: number | undefined): Uint8Array {
    const call = this.make(`long ${operand} ${is64}`, () => [
      ...[`i32.const ${operand}`, `call ${this.#long + Number(is64)}`],
    ]);
    return concat([call, this.afterLong(local)]);
  }

  /** Ends the code of `long`. */
  afterLong(local: number | undefined): Uint8Array {
    return this.reload(local);
  }

  /** Whether the function is one of those that `long` calls. */
  isLong(index: number): boolean {
    return index === this.#long || index === this.#long + 1;
  }
}

/** Returns null for an instruction without a length. */
type LengthAt = (opcode: number, immediates: number) => Charged | null;

/** Returns a body with other bytes in some places. @throws {Malformed} where two of them overlap */
export function applyEdits(
  body: Uint8Array,
  edits: readonly Edit[],
  mirror: Mirror | null,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = mirror ? [mirror.locals] : [];
  let from = mirror?.first ?? 0;
  for (const { start, end, bytes } of edits) {
    if (start < from) refuse(start);
    parts.push(body.subarray(from, start), bytes(mirror?.local));
    from = end;
  }
  return concat([...parts, body.subarray(from)]);
}

/** @throws {Malformed} */
export function refuse(at: number): never {
  throw new Malformed(at, 'code as the host adds it', 'other code');
}

/**
 * Returns the number by which the code at a place lowers the counter, and whether a mirror gets the result; null if no such code stands there.
 * @param get reads the counter or its mirror
 */
export function amountAt(
  body: Uint8Array,
  at: number,
  get: Uint8Array,
): { amount: number; hasMirror: boolean } | null {
  const number = at + get.length;
  if (!isEqual(body.subarray(at, number), get)) return null;
  const cursor = new Cursor(body, number + 1);
  // The amount is positive, so that its signed LEB128 is the unsigned one, perhaps with a byte of zeros.
  const amount = cursor.u64('a number');
  cursor.take(1, 'a subtraction');
  return { amount, hasMirror: cursor.byte('an instruction') === LOCAL_TEE };
}

/** Takes added code out of a body. The cursor stands at the first instruction at first. All methods throw `Malformed` at other code. */
export class TakeOut {
  readonly cursor: Cursor;
  readonly edits: Edit[] = [];
  readonly local: number | undefined;
  readonly #body: Uint8Array;
  readonly #codes: Codes;
  readonly #mirror: Mirror | null;
  readonly #lengthAt: LengthAt;
  /** Whether the code for a length was taken out before the next instruction. */
  #isPaid = false;

  /**
   * @param type the byte of the type of the counter
   */
  constructor(body: Uint8Array, params: number, type: number, codes: Codes, lengthAt: LengthAt) {
    const first = readLocals(new Cursor(body)).end;
    this.#body = body;
    this.#codes = codes;
    this.#lengthAt = lengthAt;
    this.#mirror = amountAt(body, first, codes.get)?.hasMirror ? removeMirror(body, params, type) : null;
    this.local = this.#mirror?.local;
    this.cursor = new Cursor(body, first);
  }

  /** Takes out the next bytes, which must be these. */
  expect(bytes: Uint8Array): void {
    const [start, end] = [this.cursor.at, this.cursor.at + bytes.length];
    if (!isEqual(this.#body.subarray(start, end), bytes)) refuse(start);
    this.edits.push({ start, end, bytes: () => NOTHING });
    this.cursor.at = end;
  }

  /** Returns whether an instruction that was read is one of the original. Takes out the code for a length. */
  isOwn(opcode: number, immediates: number): boolean {
    const start = immediates - 1;
    const call = this.cursor.at;
    if (opcode === I32_CONST && this.#body[call] === CALL) {
      const operand = new Cursor(this.#body, call + 1);
      if (this.#codes.isLong(operand.u32('a function'))) {
        // The instruction behind tells which code it must be.
        const after = operand.at + this.#codes.afterLong(this.local).length;
        const length = this.#lengthAt(this.#body[after]!, after + 1);
        if (!length) return refuse(start);
        this.cursor.at = start;
        this.expect(this.#codes.long(length, this.local));
        this.#isPaid = true;
        return false;
      }
    }
    if (this.#isPaid !== (this.#lengthAt(opcode, immediates) !== null)) refuse(start);
    this.#isPaid = false;
    return true;
  }

  /** Returns the original. @param params and type as in the constructor */
  finish(params: number, type: number, needsMirror: boolean): Uint8Array {
    const original = applyEdits(this.#body, this.edits, this.#mirror);
    const isMirrored = needsMirror && addMirror(original, params, type) !== null;
    return isMirrored === (this.#mirror !== null) ? original : refuse(0);
  }
}
