import { unsigned } from '../../abi/encode.ts';
import { concat } from './bytes.ts';
import { Cursor } from './cursor.ts';
import { readLocals } from './instructions.ts';

// A body with a loop keeps its fuel in a local too. It writes the global at each change, and reads it only after calls: a read that
// follows a write takes so long that a short loop would take six times as long. Checks have a local of their own in the same place.
// RATIONALE: why-has-a-counter-a-mirror

const [LOOP, TRY, TRY_TABLE] = [0x03, 0x06, 0x1f];
/** `call`, `call_indirect`, `call_ref`: after them the counter may have another value. */
export const CALLS = new Set([0x10, 0x11, 0x14]);
/** An engine allows so many. */
const MAX_LOCALS = 50_000;

/** Sees all instructions of a body, and decides whether it is to have a mirror. */
export class MirrorRule {
  #loops = false;
  #catches = false;

  see(opcode: number): void {
    if (opcode === LOOP) this.#loops = true;
    // Code that catches runs on after a call that has changed the counter.
    else if (opcode === TRY || opcode === TRY_TABLE) this.#catches = true;
  }

  get holds(): boolean {
    return this.#loops && !this.#catches;
  }
}

export interface Mirror {
  /** The index of the local. */
  readonly local: number;
  /** The declarations of locals: with the mirror, or without. */
  readonly locals: Uint8Array;
  /** Offset of the first instruction in the body as it was given. */
  readonly first: number;
}

/**
 * Adds a local to the declarations of a body. Returns null where there is no room.
 * @param type the byte of its type
 */
export function addMirror(body: Uint8Array, params: number, type: number): Mirror | null {
  const { groups, total, start, end } = readLocals(new Cursor(body));
  const local = params + total;
  if (local >= MAX_LOCALS || !isShort(groups, start)) return null;
  const locals = concat([
    Uint8Array.from(unsigned(groups + 1)),
    body.subarray(start, end),
    Uint8Array.of(1, type),
  ]);
  return { local, locals, first: end };
}

/** Takes the last local out of the declarations of a body; null where `addMirror` has added none. */
export function removeMirror(body: Uint8Array, params: number, type: number): Mirror | null {
  const { groups, total, start, end } = readLocals(new Cursor(body));
  const local = params + total - 1;
  const isThere = groups > 0 && body[end - 2] === 1 && body[end - 1] === type;
  if (!isThere || local >= MAX_LOCALS || !isShort(groups, start)) return null;
  const locals = concat([Uint8Array.from(unsigned(groups - 1)), body.subarray(start, end - 2)]);
  return { local, locals, first: end };
}

/** Whether the number of groups is written in as few bytes as it may be: a longer one could not be put back. */
const isShort = (groups: number, start: number): boolean => unsigned(groups).length === start;
