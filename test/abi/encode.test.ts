import { accessorBytes } from '../../abi/accessors.ts';
import { body, code, encodeModule, exportItem, functionType, signed, unsigned } from '../../abi/encode.ts';
import { instructions } from '../../abi/opcodes.ts';
import { Cursor } from '../../src/wasm/cursor.ts';
import { readBody } from '../../src/wasm/instructions.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const hex = (bytes: Iterable<number>) =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

const [LOOP, END] = [0x03, 0x0b];

/** Operands that make an instruction complete, by its immediates. */
const OPERANDS: Readonly<Record<string, string>> = {
  s: '-65',
  m: '200',
  t: 'i64',
  lu: '0 300 1',
  tc: 'i32 catch 3 3 catch_all 3',
  4: '-0.5',
  8: '1e300',
};

/** `[value]` is returned by a function with this code. */
const constants: [type: 'i32' | 'i64' | 'f32' | 'f64', value: number | bigint][] = [
  ...[0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)].map(value => ['i32', value] as const),
  ...[0n, -1n, 2n ** 32n, 2n ** 63n - 1n, -(2n ** 63n)].map(value => ['i64', value] as const),
  ...[0.5, -0, Number.POSITIVE_INFINITY].flatMap(value => [['f32', value] as const, ['f64', value] as const]),
] as [type: 'i32', value: number][];

suite('abi/encode', test => {
  // SHA-256 of the bytes that are published as `plugboard/abi/accessors.wasm`, and of those for shared memories.
  const published: [kind: 'own' | 'shared', sha256: string][] = [
    ['own', '0ef0a7d757b8a1f92af00f92e9667b34ab023c6e7d034fac3b2d0efc17dd6af9'],
    ['shared', 'c100c2bc373ffa95a46b17665625c15048a7c145bd7e61ebf454923f94a019ac'],
  ];
  for (const [kind, sha256] of published) {
    test(`the accessors for a kernel memory of the kind "${kind}" keep their bytes`, async () => {
      is(hex(new Uint8Array(await crypto.subtle.digest('SHA-256', accessorBytes(kind)))), sha256);
    });
  }

  test('the reader reads every instruction to its end', () => {
    for (const [name, { immediates }] of instructions()) {
      const bytes = code([`${name} ${OPERANDS[immediates] ?? ''}`.trim(), 'loop', 'end']);
      const opcodes: number[] = [];
      readBody(new Cursor(Uint8Array.from([0, ...bytes])), opcode => opcodes.push(opcode));
      equal(opcodes.slice(1), [LOOP, END], name);
    }
  });

  for (const [type, value] of constants) {
    test(`${type}.const ${Object.is(value, -0) ? '-0' : value} is this value to the engine`, () => {
      const bytes = encodeModule({
        type: [functionType([], [type])],
        function: [[0]],
        export: [exportItem('f', 'function', 0)],
        code: [body([`${type}.const ${Object.is(value, -0) ? '-0' : value}`])],
      });
      const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
      is(Object.is((f as () => unknown)(), value), true);
    });
  }

  test('numbers take as few bytes as LEB128 allows', () => {
    equal(
      [0, 127, 128, 2 ** 32 - 1, 2 ** 40].map(value => hex(unsigned(value))),
      ['00', '7f', '8001', 'ffffffff0f', '808080808020'],
    );
    equal(
      [0n, 63n, 64n, -64n, -65n].map(value => hex(signed(value))),
      ['00', '3f', 'c000', '40', 'bf7f'],
    );
  });

  test('names an unknown instruction', async () => {
    await raises(() => code(['i32.plus']), { message: /knows no "i32.plus"/ });
  });

  for (const wrong of ['call nobody', 'drop 1', 'i32.const x', 'loop i128', 'local.get -1']) {
    test(`refuses "${wrong}"`, async () => {
      await raises(() => code([wrong]), {});
    });
  }
});
