export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'funcref' | 'externref';

export interface FunctionType {
  params: readonly ValueType[];
  results: readonly ValueType[];
}

/** The wasm types of a module's imported and exported functions. */
export interface Signatures {
  /** In the order of `WebAssembly.Module.imports`; undefined for what is not a function. */
  imports: readonly (FunctionType | undefined)[];
  exports: ReadonlyMap<string, FunctionType>;
}

const VALUE_TYPES: Readonly<Record<number, ValueType>> = {
  127: 'i32',
  126: 'i64',
  125: 'f32',
  124: 'f64',
  123: 'v128',
  112: 'funcref',
  111: 'externref',
};

/** Thrown within this file for what it cannot read, such as the types of the GC proposal. */
class Unreadable extends Error {}

/** A cursor over bytes of a module. Reading past the end is `Unreadable`. */
class Cursor {
  readonly #bytes: Uint8Array;
  at: number;
  readonly end: number;
  constructor(bytes: Uint8Array, at: number, end: number) {
    if (end > bytes.length) throw new Unreadable();
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }
  byte(): number {
    if (this.at >= this.end) throw new Unreadable();
    return this.#bytes[this.at++]!;
  }
  /** An unsigned LEB128 number of up to 64 bits, whose digits beyond 2^53 nobody here needs. */
  unsigned(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 64; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new Unreadable();
  }
  name(): string {
    const length = this.unsigned();
    this.at += length;
    if (this.at > this.end) throw new Unreadable();
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
      this.#bytes.subarray(this.at - length, this.at),
    );
  }
  vector<T>(item: () => T): T[] {
    const items: T[] = [];
    for (let count = this.unsigned(); count > 0; count--) items.push(item());
    return items;
  }
  section(): { id: number; body: Cursor } {
    const id = this.byte();
    const length = this.unsigned();
    const body = new Cursor(this.#bytes, this.at, this.at + length);
    this.at += length;
    return { id, body };
  }
  valueType(): ValueType {
    const type = VALUE_TYPES[this.byte()];
    if (!type) throw new Unreadable();
    return type;
  }
  functionType(): FunctionType {
    if (this.byte() !== 0x60) throw new Unreadable();
    return { params: this.vector(() => this.valueType()), results: this.vector(() => this.valueType()) };
  }
  limits(): void {
    const flags = this.byte();
    this.unsigned();
    if (flags & 1) this.unsigned();
  }
}

/**
 * Reads the function types of a module that the engine has accepted. Null when it uses types that this reader
 * does not know; the host then does without. Format: WebAssembly core specification, section 5.5.
 */
export function readSignatures(bytes: Uint8Array): Signatures | null {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

function read(bytes: Uint8Array): Signatures {
  let types: FunctionType[] = [];
  const functions: (FunctionType | undefined)[] = [];
  const imports: (FunctionType | undefined)[] = [];
  const exports = new Map<string, FunctionType>();

  const file = new Cursor(bytes, 8, bytes.length);
  while (file.at < file.end) {
    const { id, body } = file.section();
    if (id === 1) types = body.vector(() => body.functionType());
    else if (id === 2) {
      body.vector(() => {
        body.name();
        body.name();
        const type = readImport(body, types);
        imports.push(type);
        if (type) functions.push(type);
      });
    } else if (id === 3) functions.push(...body.vector(() => types[body.unsigned()]));
    else if (id === 7) {
      body.vector(() => {
        const name = body.name();
        const kind = body.byte();
        const type = functions[body.unsigned()];
        if (kind === 0 && type) exports.set(name, type);
      });
    }
  }
  return { imports, exports };
}

/** Reads what follows an import's names. Only functions have a type that anyone asks for. */
function readImport(body: Cursor, types: readonly FunctionType[]): FunctionType | undefined {
  switch (body.byte()) {
    case 0:
      return types[body.unsigned()];
    case 1:
      body.valueType();
      body.limits();
      return undefined;
    case 2:
      body.limits();
      return undefined;
    case 3:
      body.valueType();
      body.byte();
      return undefined;
    case 4:
      body.byte();
      body.unsigned();
      return undefined;
    default:
      throw new Unreadable();
  }
}

export const formatType = ({ params, results }: FunctionType): string =>
  `(${params.join(', ')}) -> (${results.join(', ')})`;
