import {
  encodeModule,
  exportItem,
  functionType,
  importItem,
  limits,
  unsigned,
  VALUE_TYPES,
} from '../../abi/encode.ts';
import type { FunctionType } from '../../src/wasm/reader.ts';
import type { Argument } from './script.ts';

// JavaScript cannot pass or get a v128, so calls with one go through a module made for the call.

const BYTES_OF_VALUE = 16;
const OPCODES: Readonly<Record<string, { constant: number[]; store: number[] }>> = {
  i32: { constant: [0x41], store: [0x36, 2] },
  i64: { constant: [0x42], store: [0x37, 3] },
  f32: { constant: [0x43], store: [0x38, 2] },
  f64: { constant: [0x44], store: [0x39, 3] },
  v128: { constant: [0xfd, 0x0c], store: [0xfd, 0x0b, 4] },
};
/** One memory for all calls, because engines make few memories fast. */
const RESULTS = new WebAssembly.Memory({ initial: 1 });
const END = 0x0b;
const CALL = 0x10;
const [LOCAL_GET, LOCAL_SET] = [0x20, 0x21];

export const hasVectors = ({ params, results }: FunctionType): boolean =>
  [...params, ...results].includes('v128');

const signedBytes = (value: bigint): number[] => {
  const out: number[] = [];
  for (let rest = value; ; ) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40)) return [...out, byte];
    out.push(byte | 0x80);
  }
};
const littleEndian = (bits: bigint, size: number): number[] =>
  Array.from({ length: size }, (_, at) => Number((bits >> BigInt(8 * at)) & 0xffn));

function constant([type, bits]: Argument): number[] {
  const { constant: opcode } = OPCODES[type]!;
  if (type === 'v128') return [...opcode, ...bits.match(/../g)!.map(byte => Number.parseInt(byte, 16))];
  if (type === 'f32' || type === 'f64')
    return [...opcode, ...littleEndian(BigInt(bits), type === 'f32' ? 4 : 8)];
  return [...opcode, ...signedBytes(BigInt(bits))];
}

/** Calls a function with constant arguments, and returns the bytes of its results. @throws the trap of the call */
export function callByConstants(
  fn: WebAssembly.ExportValue,
  type: FunctionType,
  args: readonly Argument[],
): Uint8Array {
  const { params, results } = type;
  const numbers = (types: readonly string[]) =>
    types.map(name => VALUE_TYPES[name as keyof typeof VALUE_TYPES]);
  const code = [
    ...args.flatMap(constant),
    ...[CALL, 0],
    ...results.flatMap((_, index) => [LOCAL_SET, ...unsigned(results.length - 1 - index)]),
    ...results.flatMap((name, index) => [
      ...constant(['i32', String(index * BYTES_OF_VALUE)]),
      ...[LOCAL_GET, ...unsigned(index)],
      ...OPCODES[name]!.store,
      0,
    ]),
    END,
  ];
  const locals = numbers(results).flatMap(number => [1, number]);
  const body = [...unsigned(results.length), ...locals, ...code];
  const bytes = encodeModule({
    type: [functionType(params as never, results as never), functionType([], [])],
    import: [importItem('', 'f', 'function', [0]), importItem('', 'memory', 'memory', limits({ min: 1 }))],
    function: [unsigned(1)],
    export: [exportItem('run', 'function', 1)],
    code: [[...unsigned(body.length), ...body]],
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    '': { f: fn, memory: RESULTS },
  });
  new Uint8Array(RESULTS.buffer).fill(0, 0, results.length * BYTES_OF_VALUE);
  (exports.run as () => void)();
  return new Uint8Array(RESULTS.buffer, 0, results.length * BYTES_OF_VALUE).slice();
}
