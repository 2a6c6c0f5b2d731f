import { formatType, readSignatures } from '../../src/wasm/reader.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

const MODULE = buildModule({
  imports: [{ module: 'a', name: 'b', params: ['i32', 'f32'], results: ['i64'] }],
  functions: [
    { name: 'none', body: [] },
    { name: 'some', params: ['f64'], results: ['i32', 'i32'], body: [0x00] },
  ],
  memoryPages: 1,
});

suite('wasm/reader', test => {
  test('reads the types of imported and exported functions', () => {
    const signatures = readSignatures(MODULE);
    equal(
      signatures?.imports.map(type => type && formatType(type)),
      ['(i32, f32) -> (i64)'],
    );
    equal(
      [...signatures!.exports].map(([name, type]) => `${name}${formatType(type)}`),
      ['none() -> ()', 'some(f64) -> (i32, i32)'],
    );
  });

  test('imports that are not functions keep their place', () => {
    // A table, a memory and a global of module "", then a function of type 0, which is () -> ().
    const entries = [
      [0, 1, 0x74, 1, 0x70, 0, 1],
      [0, 1, 0x6d, 2, 1, 1, 2],
      [0, 1, 0x67, 3, 0x7f, 0],
      [0, 1, 0x66, 0, 0],
    ];
    const imports = [entries.length, ...entries.flat()];
    const bytes = Uint8Array.from([
      0,
      0x61,
      0x73,
      0x6d,
      1,
      0,
      0,
      0,
      1,
      4,
      1,
      0x60,
      0,
      0,
      2,
      imports.length,
      ...imports,
    ]);
    ok(WebAssembly.validate(bytes));
    equal(
      readSignatures(bytes)?.imports.map(type => type && formatType(type)),
      [undefined, undefined, undefined, '() -> ()'],
    );
  });

  test('answers null for types that it does not know', () => {
    is(readSignatures(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 3, 1, 0x5f, 0])), null);
  });

  test('never throws nor hangs on cut or damaged bytes (seed 1)', () => {
    for (let length = 0; length < MODULE.length; length++) readSignatures(MODULE.subarray(0, length));
    const random = new Random(1);
    for (let round = 0; round < 3000; round++) {
      const bytes = MODULE.slice();
      for (let change = 0; change < 3; change++)
        bytes[8 + random.below(bytes.length - 8)] = random.below(256);
      readSignatures(bytes);
    }
    readSignatures(Uint8Array.from([...MODULE.subarray(0, 8), 2, ...new Array(300).fill(0x80), 0]));
  });
});
