import { GuestMemory } from './memory.ts';
import { Errno } from './spec/constants.ts';
import { isPointer, type WasiFunctionName, type WasiParam, wasiSignatures } from './spec/signatures.ts';

/** A parameter of a call, as a trace shows it: the value, and the bytes in the program's memory that it points to. */
export interface SeenParam {
  name: string;
  type: 'i32' | 'i64';
  /** Unsigned. For a number that the function has written, that number. */
  value: number | bigint;
  kind: 'number' | 'pointer';
  /** A copy of the bytes that count. Missing for structures, and where the memory does not hold them. */
  bytes?: Uint8Array;
}

/** The memory behind a pointer, read from the meaning in the table, so that a new row needs no code here. */
type Shape =
  | { is: 'number' | 'structure' }
  | { is: 'bytes' | 'pieces'; lengthIn: string; isWritten: boolean }
  | { is: 'written'; bits: 16 | 32 | 64; isCount: boolean };

function shapeOf(param: WasiParam): Shape {
  if (!isPointer(param)) return { is: 'number' };
  const [, , meaning] = param;
  const bytes = /^pointer to u8\[(\w+)\](, written)?/.exec(meaning);
  if (bytes) return { is: 'bytes', lengthIn: bytes[1]!, isWritten: bytes[2] !== undefined };
  const pieces = /^pointer to (c?)iovec\[(\w+)\]/.exec(meaning);
  if (pieces) return { is: 'pieces', lengthIn: pieces[2]!, isWritten: pieces[1] === '' };
  const written = /^pointer to u(16|32|64), written(: bytes (?:read|stored|received))?/.exec(meaning);
  if (!written) return { is: 'structure' };
  return {
    is: 'written',
    bits: Number(written[1]) as 16 | 32 | 64,
    isCount: written[2] !== undefined,
  };
}

type Row = { name: string; type: 'i32' | 'i64'; shape: Shape }[];
const rows = new Map<string, Row>();

function rowOf(name: WasiFunctionName): Row {
  let row = rows.get(name);
  if (!row) {
    const { params } = wasiSignatures.find(signature => signature.name === name)!;
    row = params.map(param => ({ name: param[0], type: param[1], shape: shapeOf(param) }));
    rows.set(name, row);
  }
  return row;
}

const unsigned = (value: unknown): number | bigint =>
  typeof value === 'bigint' ? BigInt.asUintN(64, value) : Number(value) >>> 0;

/**
 * Returns the parameters of a call. Before the function runs, with the bytes that it will read. With its `errno`, only the
 * parameters to which it has written; after an error none.
 */
export function seeWasi(
  of: WebAssembly.Memory | undefined,
  name: WasiFunctionName,
  args: readonly unknown[],
  errno?: unknown,
): SeenParam[] {
  const row = rowOf(name);
  const memory = new GuestMemory();
  if (of) memory.bind(of);
  const isOver = errno !== undefined;
  if (isOver && errno !== Errno.ESUCCESS) return [];
  const argument = (wanted: string) =>
    Number(unsigned(args[row.findIndex(param => param.name === wanted)] ?? 0));
  const count = row.findIndex(({ shape }) => shape.is === 'written' && shape.isCount);
  const used = isOver && count >= 0 ? memory.u32(Number(unsigned(args[count]))) : undefined;
  return row.flatMap(({ name, type, shape }, index): SeenParam[] => {
    const value = unsigned(args[index] ?? 0);
    const at = Number(value);
    if (shape.is === 'written' && isOver) {
      const written = { 16: memory.u16(at), 32: memory.u32(at), 64: memory.u64(at) }[shape.bits];
      return written === undefined ? [] : [{ name, type, kind: 'number', value: written }];
    }
    const isContent = shape.is === 'bytes' || shape.is === 'pieces';
    if (isOver && !(isContent && shape.isWritten)) return [];
    const kind = shape.is === 'number' ? 'number' : 'pointer';
    if (!isContent || shape.isWritten !== isOver) return [{ name, type, kind, value }];
    const length = argument(shape.lengthIn);
    const bytes =
      shape.is === 'bytes'
        ? memory.bytes(at, Math.min(length, used ?? length))?.slice()
        : joined(memory, at, length, used);
    return [{ name, type, kind, value, ...(bytes && { bytes }) }];
  });
}

/** Returns a copy of the pieces that an iovec list names, at most `used` bytes. */
function joined(memory: GuestMemory, at: number, count: number, used = Number.MAX_SAFE_INTEGER) {
  const pieces = memory.iovecs(at, count, used);
  if (!pieces) return undefined;
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  // Pieces may overlap, so that a short list can name far more bytes than the memory has.
  if (!memory.holds(0, length)) return undefined;
  const bytes = new Uint8Array(length);
  let end = 0;
  for (const { pointer, length } of pieces) {
    bytes.set(memory.bytes(pointer, length)!, end);
    end += length;
  }
  return bytes;
}
