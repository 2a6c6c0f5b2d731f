import { ActorError, describe } from '../../src/actor/errors.ts';
import { Float } from '../../src/actor/float.ts';
import type { JsonValue } from '../../src/actor/json/value.ts';
import { decode, encode, msgpack } from '../../src/msgpack/index.ts';
import { createPlugin } from '../../src/node.ts';
import { KEYS, randomJson } from '../actor/random-message.ts';
import { bytesEqual, equal, is, ok, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { GOLDEN, READ_ONLY } from './golden.ts';

const hex = (bytes: Uint8Array) => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
const unhex = (digits: string) =>
  Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16),
  );

/** Text of a value, in which 1, 1.0 and 1n, -0 and 0, bytes and arrays differ. `equal` is not used: its diff takes minutes. */
const textOf = (value: JsonValue) => JSON.stringify(marked(value));

function marked(value: JsonValue): unknown {
  if (value instanceof Float) return `float ${value}`;
  if (value instanceof Uint8Array) return `bytes ${hex(value)}`;
  // A safe integer comes back as a number.
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : `bigint ${value}`;
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([key, member]) => [key, marked(member)]);
  }
  return value;
}

suite('MessagePack: against rmp-serde', test => {
  test('bytes of rmp-serde are read, and the values are written as the same bytes', async () => {
    const plugin = await createPlugin(await host().readBytes('fixtures/rust-msgpack/rust_msgpack.wasm'));
    const lines = (await plugin.call('golden'))!.text().trimEnd().split('\n');
    await plugin.close();
    const seen = new Set<string>();
    for (const line of lines) {
      const [name = '', digits = ''] = line.split(' ');
      const [kind = '', detail = ''] = name.split(':');
      seen.add(kind);
      const value = GOLDEN[kind]!(detail);
      ok(textOf(decode(unhex(digits))) === textOf(value), `${name} is read`);
      if (!READ_ONLY.test(name)) ok(hex(encode(value)) === digits, `${name} is written`);
    }
    equal([...seen].sort(), Object.keys(GOLDEN).sort());
  });
});

suite('MessagePack: values', test => {
  const rows: [value: unknown, digits: string][] = [
    [new Float(-0), 'cb8000000000000000'],
    [[-0], '91cb8000000000000000'],
    [2 ** 53, 'cb4340000000000000'],
    [2n ** 63n, 'cf8000000000000000'],
    [5n, '05'],
    [BigInt(2 ** 40), 'cf0000010000000000'],
    [Object.create(null), '80'],
  ];
  for (const [value, digits] of rows) {
    test(`${describe(value)} is ${digits}`, () => is(hex(encode(value)), digits));
  }

  test('any value survives, and truncated or changed bytes give a value or a coded error', () => {
    const firstSeed = Date.now() & 0xffff_ffff;
    for (let seed = firstSeed; seed < firstSeed + 500; seed++) {
      const random = new Random(seed);
      const value = [randomJson(random, 4), random.bytes(random.below(40)), { [random.pick(KEYS)]: 1 }];
      const bytes = encode(value);
      ok(textOf(decode(bytes)) === textOf(value), `seed ${seed}`);
      const hostile = bytes.slice(0, random.below(2) ? bytes.length : random.below(bytes.length));
      if (hostile.length > 0) hostile[random.below(hostile.length)] = random.below(256);
      try {
        encode(decode(hostile));
      } catch (error) {
        ok(error instanceof ActorError, `seed ${seed}: ${error}`);
      }
    }
  });

  test('bytes of a shared or larger buffer are read, and not changed', () => {
    // A page that is not cross-origin isolated has no shared memory.
    const Buffer = globalThis.SharedArrayBuffer ?? ArrayBuffer;
    const shared = new Uint8Array(new Buffer(8), 2, 3);
    shared.set([0x92, 0x01, 0xc0]);
    equal(decode(shared), [1, null]);
    equal(Object.keys(shared), ['0', '1', '2']);
  });

  test('bytes that were read are a copy of the input', () => {
    const input = encode({ a: new Uint8Array(3) });
    const { a } = decode(input) as { a: Uint8Array };
    input.fill(1);
    bytesEqual(a, new Uint8Array(3));
  });

  test('join writes a map of written parts', () => {
    const part = msgpack.join([
      ['a', msgpack.write([1], [])],
      ['__proto__', msgpack.write(new Float(1), [])],
    ]);
    is(hex(part as Uint8Array), '82a1619101a95f5f70726f746f5f5fcb3ff0000000000000');
  });
});

suite('MessagePack: refused', test => {
  const reads: [digits: string, code: string, message: string][] = [
    ['', 'MSGPACK_SYNTAX', 'expected 1 bytes (value), got 0 at byte 0 of 0'],
    ['0101', 'MSGPACK_SYNTAX', 'expected the end of the bytes at byte 1 of 2'],
    ['c1', 'MSGPACK_SYNTAX', 'expected a value, got 0xc1, no format, at byte 0 of 1'],
    ['91d40100', 'MSGPACK_SYNTAX', 'got 0xd4, an extension type, which is not exchanged, at byte 1 of 4'],
    ['c7000200', 'MSGPACK_SYNTAX', 'got 0xc7, an extension type'],
    ['d70200000000000000', 'MSGPACK_SYNTAX', 'got 0xd7, an extension type'],
    ['a3c328', 'MSGPACK_SYNTAX', 'expected 3 bytes (string), got 2 at byte 0 of 3'],
    ['dbffffffff', 'MSGPACK_SYNTAX', 'expected 4294967295 bytes (string), got 0 at byte 0 of 5'],
    ['c6ffffffff', 'MSGPACK_SYNTAX', 'expected 4294967295 bytes (bytes), got 0 at byte 0 of 5'],
    ['ddffffffff', 'MSGPACK_SYNTAX', 'expected 1 bytes (value), got 0 at byte 5 of 5'],
    ['dfffffffff', 'MSGPACK_SYNTAX', 'expected 1 bytes (value), got 0 at byte 5 of 5'],
    ['cb00', 'MSGPACK_SYNTAX', 'expected 8 bytes (float), got 1 at byte 0 of 2'],
    ['cd', 'MSGPACK_SYNTAX', 'expected 2 bytes (integer), got 0 at byte 0 of 1'],
    ['d9', 'MSGPACK_SYNTAX', 'expected 1 bytes (length), got 0 at byte 1 of 1'],
    ['81c001', 'MSGPACK_SYNTAX', 'expected a string or an integer as key, got 0xc0 at byte 1 of 3'],
    ['81cb000000000000000001', 'MSGPACK_SYNTAX', 'as key, got 0xcb at byte 1'],
    ['a2c328', 'INVALID_UTF8', 'a string that is not UTF-8 at byte 0 of 3'],
    ['a3eda080', 'INVALID_UTF8', 'a string that is not UTF-8 at byte 0 of 4'],
    ['cb7ff8000000000000', 'JSON_VALUE', 'NaN, which JSON cannot carry, at byte 0 of 9'],
    ['91caff800000', 'JSON_VALUE', '-Infinity, which JSON cannot carry, at byte 1 of 6'],
    ['91'.repeat(128), 'JSON_DEPTH', 'nested deeper than 127 arrays and maps at byte 127 of 128'],
  ];
  for (const [digits, code, message] of reads) {
    test.row(`error.${code}`, `${digits.slice(0, 40)} is refused`, async () => {
      await raises(() => decode(unhex(digits)), { code, message });
    });
  }

  const cycle: unknown[] = [];
  cycle.push(cycle);
  const writes: [name: string, value: unknown, code: string, message: string][] = [
    [
      'an integer beyond 64 bits',
      { a: [2n ** 64n] },
      'JSON_VALUE',
      'an integer beyond 64 bits cannot be carried',
    ],
    [
      'an integer below 64 bits',
      -(2n ** 63n) - 1n,
      'JSON_VALUE',
      'the value: an integer beyond 64 bits cannot be carried',
    ],
    ['NaN', [Number.NaN], 'JSON_VALUE', 'NaN is not JSON'],
    ['undefined', { a: undefined }, 'JSON_VALUE', 'a: undefined is not JSON'],
    ['half a surrogate pair', '\ud800', 'JSON_VALUE', 'half a surrogate pair'],
    ['a Map', new Map(), 'JSON_VALUE', 'an object of class Map is not JSON'],
    ['a cycle', cycle, 'JSON_VALUE', 'a value that contains itself'],
  ];
  for (const [name, value, code, message] of writes) {
    test(`${name} is refused`, async () => {
      await raises(() => encode(value), { code, message });
    });
  }
});
