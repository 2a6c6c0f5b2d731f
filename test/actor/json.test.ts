import { Float } from '../../src/actor/float.ts';
import { readJson } from '../../src/actor/json/reader.ts';
import { isWellFormed, type JsonValue, MAX_DEPTH } from '../../src/actor/json/value.ts';
import { writeJson } from '../../src/actor/json/writer.ts';
import { checkJsonText, plain, randomJsonText, randomValue, same } from '../contract/json-texts.ts';
import { bytesEqual, equal, inContext, is, ok, raises } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

suite('json: numbers', test => {
  // The literal, its value in memory, and the text written for this value if it differs from the literal.
  const rows: [literal: string, value: JsonValue, written?: string][] = [
    ['0', 0],
    ['1', 1],
    ['-7', -7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', 9007199254740992n],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['18446744073709551616', 2n ** 64n],
    ['123456789012345678901234567890', 123456789012345678901234567890n],
    [`1${'0'.repeat(308)}`, 10n ** 308n],
    ['1.0', new Float(1)],
    ['-1.0', new Float(-1)],
    ['0.0', new Float(0)],
    ['-0', new Float(-0), '-0.0'],
    ['-0.0', new Float(-0)],
    ['1e3', new Float(1000), '1000.0'],
    ['1E+3', new Float(1000), '1000.0'],
    ['10e-1', new Float(1), '1.0'],
    ['1.50', 1.5, '1.5'],
    ['0.5', 0.5],
    ['1e-7', 1e-7],
    ['5e-324', 5e-324],
    ['1e-400', new Float(0), '0.0'],
    ['9007199254740992.0', new Float(2 ** 53)],
    ['9007199254740993.0', new Float(2 ** 53), '9007199254740992.0'],
    ['1e+21', new Float(1e21)],
    ['1e300', new Float(1e300), '1e+300'],
    ['100000000000000000000.0', new Float(1e20)],
  ];
  for (const [literal, value, written = literal] of rows) {
    const shown = literal.length > 40 ? `1e${literal.length - 1} as an integer` : literal;
    test(`${shown} survives`, () => {
      const read = readJson(literal);
      ok(same(read, value), `read as ${typeof read} ${read}`);
      is(writeJson(read), written);
      ok(same(readJson(written), value));
    });
  }

  // Numbers that the reader never returns, but that a program may pass.
  const writes: [value: unknown, text: string][] = [
    [-0, '-0.0'],
    [2n ** 1024n - 2n ** 970n - 1n, String(2n ** 1024n - 2n ** 970n - 1n)],
    [2 ** 53, '9007199254740992.0'],
    [-(2 ** 53), '-9007199254740992.0'],
    [1e300, '1e+300'],
    [5n, '5'],
    [-5n, '-5'],
    [new Float(0.5), '0.5'],
    [Uint8Array.of(0, 9, 255), '[0,9,255]'],
    [new Uint8Array(0), '[]'],
  ];
  for (const [value, text] of writes) {
    test(`${typeof value} ${text.slice(0, 30)} is written`, () => is(writeJson(value), text));
  }

  test('a Float works in arithmetic, and its string is its JSON text', () => {
    is(Number(new Float(2)) + 1, 3);
    is(`${new Float(2)}`, '2.0');
  });
});

suite('json: reader', test => {
  const values: [text: string, value: JsonValue][] = [
    ['null', null],
    [' \t\r\n true ', true],
    ['""', ''],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"', '"\\/\b\f\n\r\té😀'],
    ['"\u007f\u2028é😀"', '\u007f\u2028é😀'],
    ['[]', []],
    ['[1,[2,[]],{}]', [1, [2, []], {}]],
    ['{ "a" : 1 , "b" : [ ] }', { a: 1, b: [] }],
    ['{"a":1,"b":2,"a":3}', { a: 3, b: 2 }],
    ['{"":0}', { '': 0 }],
  ];
  for (const [text, value] of values) {
    test(`${text} reads`, () => {
      ok(same(readJson(text), value));
      ok(same(readJson(utf8(text)), value));
    });
  }

  const refused: [text: string, code: string, message: string][] = [
    ['', 'JSON_SYNTAX', 'expected a value, got the end of the text at byte 0'],
    ['  ', 'JSON_SYNTAX', 'expected a value, got the end of the text at byte 2'],
    ['\ufeff1', 'JSON_SYNTAX', 'expected a value, got "\ufeff" at byte 0'],
    ['tru', 'JSON_SYNTAX', 'expected "true", got "t" at byte 0'],
    ['NaN', 'JSON_SYNTAX', 'expected a value, got "N" at byte 0'],
    ['undefined', 'JSON_SYNTAX', 'expected a value, got "u" at byte 0'],
    ['1 2', 'JSON_SYNTAX', 'expected the end of the text, got "2" at byte 2'],
    ['01', 'JSON_SYNTAX', 'expected the end of the text, got "1" at byte 1'],
    ['-', 'JSON_SYNTAX', 'expected a digit after "-", got the end of the text at byte 1'],
    ['+1', 'JSON_SYNTAX', 'expected a value, got "+" at byte 0'],
    ['.5', 'JSON_SYNTAX', 'expected a value, got "." at byte 0'],
    ['1.', 'JSON_SYNTAX', 'expected a digit after ".", got the end of the text at byte 2'],
    ['1.e1', 'JSON_SYNTAX', 'expected a digit after ".", got "e" at byte 2'],
    ['1e', 'JSON_SYNTAX', 'expected a digit of an exponent, got the end of the text at byte 2'],
    ['0x10', 'JSON_SYNTAX', 'expected the end of the text, got "x" at byte 1'],
    ['1e400', 'JSON_RANGE', 'a number beyond the range of a 64-bit float at byte 0'],
    [` ${'9'.repeat(400)}`, 'JSON_RANGE', 'beyond the range of a 64-bit float at byte 1'],
    ['"é', 'JSON_SYNTAX', 'or its closing quote, got the end of the text at byte 3'],
    ['"a\nb"', 'JSON_SYNTAX', 'got "\\n" at byte 2'],
    ['"\\x"', 'JSON_SYNTAX', 'expected one of "\\/bfnrtu after a backslash, got "x" at byte 2'],
    ['"\\u12g4"', 'JSON_SYNTAX', 'expected "u" and four hexadecimal digits, got "u" at byte 2'],
    ['["\\ud800"]', 'JSON_SYNTAX', 'half a surrogate pair, which UTF-8 cannot carry, at byte 1'],
    ['"\\udc00\\ud800"', 'JSON_SYNTAX', 'half a surrogate pair'],
    ['"\ud800"', 'JSON_SYNTAX', 'half a surrogate pair'],
    ['[1', 'JSON_SYNTAX', 'expected "," or "]", got the end of the text at byte 2'],
    ['[1,]', 'JSON_SYNTAX', 'expected a value, got "]" at byte 3'],
    ['[,1]', 'JSON_SYNTAX', 'expected a value, got "," at byte 1'],
    ['[1}', 'JSON_SYNTAX', 'expected "," or "]", got "}" at byte 2'],
    ['{"é":1 "b"}', 'JSON_SYNTAX', 'expected "," or "}", got "\\"" at byte 8'],
    ['{a:1}', 'JSON_SYNTAX', 'expected a key in quotes, got "a" at byte 1'],
    ['{"a" 1}', 'JSON_SYNTAX', 'expected ":", got "1" at byte 5'],
    ['{"a":1,}', 'JSON_SYNTAX', 'expected a key in quotes, got "}" at byte 7'],
    ['{"a":}', 'JSON_SYNTAX', 'expected a value, got "}" at byte 5'],
    ['[1] // end', 'JSON_SYNTAX', 'expected the end of the text, got "/" at byte 4'],
    [nested(MAX_DEPTH + 1), 'JSON_DEPTH', `nested deeper than 127 arrays and objects at byte 127`],
    ['{"a":'.repeat(100_000), 'JSON_DEPTH', 'nested deeper'],
  ];
  for (const [text, code, message] of refused) {
    test.row(`error.${code}`, `${JSON.stringify(text).slice(0, 40)} is refused`, async () => {
      await raises(() => readJson(text), { code, message });
    });
  }

  const notUtf8: [name: string, bytes: number[], offset: number][] = [
    ['a stray byte', [0x22, 0xff, 0x22], 1],
    ['a continuation byte alone', [0x22, 0x80, 0x22], 1],
    ['an overlong form', [0x22, 0x61, 0xc0, 0x80, 0x22], 2],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22], 1],
    ['a sequence cut short', [0x22, 0xe2, 0x82], 1],
  ];
  for (const [name, bytes, offset] of notUtf8) {
    test(`UTF-8: ${name} is refused with its offset`, async () => {
      const message = `the text is not UTF-8: invalid byte sequence at byte ${offset} of ${bytes.length}`;
      await raises(() => readJson(Uint8Array.from(bytes)), { code: 'INVALID_UTF8', message });
    });
  }

  test(`${MAX_DEPTH} levels are read and written`, () => {
    is(writeJson(readJson(nested(MAX_DEPTH))), nested(MAX_DEPTH));
  });

  test('keys such as __proto__ are plain keys', () => {
    const text = '{"__proto__":{"polluted":1},"constructor":2,"toString":3,"hasOwnProperty":4}';
    const value = readJson(text) as { [key: string]: JsonValue };
    equal(Object.keys(value), ['__proto__', 'constructor', 'toString', 'hasOwnProperty']);
    is(Object.getPrototypeOf(value), Object.prototype);
    is((value as { polluted?: unknown }).polluted, undefined);
    is(writeJson(value), text);
    is(writeJson(readJson('{"__proto__":1,"__proto__":2}')), '{"__proto__":2}');
  });

  test('10 MB of string, a million escapes and a million numbers are read and written', () => {
    const text = `["${'x'.repeat(10_000_000)}","${'\\n'.repeat(1_000_000)}",[${'1,'.repeat(999_999)}1]]`;
    const [long, escaped, numbers] = readJson(text) as [string, string, number[]];
    is(long.length, 10_000_000);
    is(escaped.length, 1_000_000);
    is(numbers.length, 1_000_000);
    is(writeJson([long, escaped, numbers]).length, text.length);
  });

  test('a view is read as its own bytes, not as its whole buffer', () => {
    bytesEqual(utf8(readJson(utf8('x"é"x').subarray(1, -1)) as string), utf8('é'));
  });
});

suite('json: writer', test => {
  class Point {
    x = 1;
  }
  const cycle: { list: unknown[] } = { list: [] };
  cycle.list.push({ up: cycle });
  const deep = (depth: number): unknown => (depth === 0 ? 1 : [deep(depth - 1)]);

  const refused: [name: string, value: unknown, code: string, message: string][] = [
    ['NaN', { x: { data: Number.NaN } }, 'JSON_VALUE', 'payload.x.data: NaN is not JSON'],
    ['Infinity', [1, Number.POSITIVE_INFINITY], 'JSON_VALUE', 'payload[1]: Infinity is not JSON'],
    ['a Float of -Infinity', [new Float(-1 / 0)], 'JSON_VALUE', 'payload[0]: -Infinity is not JSON'],
    ['undefined', { a: undefined }, 'JSON_VALUE', 'payload.a: undefined is not JSON'],
    ['a hole', new Array(1), 'JSON_VALUE', 'payload[0]: undefined is not JSON'],
    ['a function', { 'a b': () => {} }, 'JSON_VALUE', 'payload["a b"]: function a b is not JSON'],
    ['a symbol', { s: Symbol('s') }, 'JSON_VALUE', 'payload.s: Symbol(s) is not JSON'],
    ['a Map', { m: new Map() }, 'JSON_VALUE', 'payload.m: an object of class Map is not JSON'],
    ['a Date', [new Date(0)], 'JSON_VALUE', 'payload[0]: an object of class Date is not JSON'],
    ['a class instance', new Point(), 'JSON_VALUE', 'payload: an object of class Point is not JSON'],
    ['a cycle', cycle, 'JSON_VALUE', 'payload.list[0].up: a value that contains itself is not JSON'],
    ['half a surrogate pair', ['\ud800'], 'JSON_VALUE', 'payload[0]: a string with half a surrogate pair'],
    [
      'half a surrogate pair as a key',
      { '\udc00': 1 },
      'JSON_VALUE',
      'payload: a string with half a surrogate pair',
    ],
    [
      'the least integer beyond floats',
      [2n ** 1024n - 2n ** 970n],
      'JSON_VALUE',
      'payload[0]: an integer beyond',
    ],
    ['a value that is too deep', deep(MAX_DEPTH), 'JSON_DEPTH', 'nested deeper than 127 arrays and objects'],
  ];
  for (const [name, value, code, message] of refused) {
    test.row(`error.${code}`, `${name} is refused by path`, async () => {
      await raises(() => writeJson(value, ['payload']), { code, message });
    });
  }

  test('without a path, the value itself is named', async () => {
    await raises(() => writeJson(Number.NaN), { code: 'JSON_VALUE', message: 'the value: NaN is not JSON' });
  });

  test('the steps of the path count as levels', () => {
    is(writeJson(deep(MAX_DEPTH - 2), ['payload', 'x']), nested(MAX_DEPTH - 2).replace('[]', '[1]'));
  });

  test('a value that appears twice without containing itself is written twice', () => {
    const twice = { a: 1 };
    is(writeJson([twice, twice]), '[{"a":1},{"a":1}]');
  });

  test('an object without a prototype is a plain object', () => {
    is(writeJson(Object.assign(Object.create(null), { a: 1 })), '{"a":1}');
  });
});

suite('json: random values and texts', test => {
  const firstSeed = Date.now() & 0xffff_ffff;

  test('written text is read as an equal value', () => {
    for (let seed = firstSeed; seed < firstSeed + 3000; seed++) {
      const value = randomValue(new Random(seed), 5);
      const text = writeJson(value);
      ok(same(readJson(text), value), `seed ${seed}: ${text}`);
      ok(same(readJson(utf8(text)), value), `seed ${seed}, as bytes: ${text}`);
      is(writeJson(readJson(text)), text, `seed ${seed}`);
      // An independent check of the text: a wrong writer and reader could agree with each other.
      ok(same(plain(value), JSON.parse(text)), `seed ${seed}, JSON.parse: ${text}`);
    }
  });

  test('strings of every length at which the way changes, with each kind of character at each place', async () => {
    const kinds = ['"', '\\', '\n', '\0', '\x7f', 'é', '\ud7ff', '\ue000', '\uffff', '😀'];
    for (const length of [0, 1, 11, 12, 13, 23, 24, 25, 26, 199, 200, 201, 202, 300]) {
      for (const kind of ['x', ...kinds]) {
        for (const at of new Set([0, 1, 11, 12, 23, 24, 25, length >> 1, length - 1])) {
          if (at > length) continue;
          const text = 'x'.repeat(Math.max(0, at)) + kind + 'x'.repeat(Math.max(0, length - at - 1));
          const where = `${JSON.stringify(kind)} at ${at} of ${length}`;
          is(writeJson(text), JSON.stringify(text), where);
          const list = JSON.stringify([text, { [text]: text }, 'end']);
          is(JSON.stringify(readJson(list)), list, where);
          is(JSON.stringify(readJson(utf8(list))), list, where);
          const half = `${text.slice(0, at)}\ud800${text.slice(at + 1)}`;
          if (isWellFormed(half)) continue;
          await raises(() => writeJson(half), { code: 'JSON_VALUE', message: 'half a surrogate pair' });
          await raises(() => readJson(`["${half}"]`), { code: 'JSON_SYNTAX' });
        }
      }
    }
  });

  test('any text reads as JSON.parse reads it, or is a coded error in both', () => {
    let accepted = 0;
    for (let seed = firstSeed; seed < firstSeed + 30_000; seed++) {
      const text = randomJsonText(new Random(seed));
      if (inContext(`seed ${seed}`, () => checkJsonText(text))) accepted++;
    }
    ok(accepted > 3000, `only ${accepted} texts were JSON`);
  });
});
