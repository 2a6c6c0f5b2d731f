import { Kernel } from '../../abi/index.ts';
import { decodeStrict, utf8 } from '../../abi/utf8.ts';
import { attempt } from '../../src/errors.ts';
import { decodeStrict as decodeStrictOfHost } from '../../src/values/text.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

const encoder = new TextEncoder();
/** Characters of one to four bytes in UTF-8, and lone surrogates. */
const PIECES = ['a', '\0', 'ü', '€', '\ufeff', '🙂', '\ud83d', '\ude42'];

const SEED = 20261127;
const ROUNDS = 300;

suite('utf8', test => {
  test(`utf8 encodes any text as TextEncoder does (seed ${SEED})`, () => {
    const random = new Random(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      // Lengths around the limit of texts that are encoded into the reused array.
      const length = random.pick([0, 1, 64, 1023, 1024, 1025, 4000]) + random.below(3);
      const text = Array.from({ length }, () => random.pick(PIECES)).join('');
      equal(utf8(text).slice(), encoder.encode(text), `round ${round}`);
    }
  });

  test('utf8 encodes long texts, and short ones after them', () => {
    // 2^17 characters are the most that are encoded into the reused array.
    for (const length of [1024, 1025, 2 ** 17 - 1, 2 ** 17, 2 ** 17 + 1, 200_000]) {
      for (const piece of ['a', 'ü', '€', '🙂', '\ud83d']) {
        const text = piece.repeat(length / piece.length);
        equal(utf8(text).slice(), encoder.encode(text), `${length} of ${piece}`);
        equal(utf8('grüße').slice(), encoder.encode('grüße'));
      }
    }
  });

  test('decodeStrict returns the same text as a strict TextDecoder, or null where that throws', () => {
    const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
    const random = new Random(SEED);
    const pieces = [...PIECES.map(piece => encoder.encode(piece)), encoder.encode('\ufffd')];
    const wrong = [[0xff], [0xc0, 0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0x80]];
    let refused = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const parts = Array.from({ length: random.below(40) }, () => [...random.pick(pieces)]);
      if (round % 3 === 0) parts.splice(random.below(parts.length + 1), 0, random.pick(wrong));
      const bytes = Uint8Array.from(parts.flat());
      let expected: string | null = null;
      try {
        expected = strict.decode(bytes);
      } catch {
        refused++;
      }
      is(decodeStrict(bytes, 'text'), expected, `round ${round}`);
      is(
        attempt(() => decodeStrictOfHost(bytes, 'text'), null),
        expected,
        `round ${round}, of the host`,
      );
    }
    ok(refused >= ROUNDS / 3, `${refused} refused`);
    is(decodeStrict(encoder.encode('\ufffd'), 'text'), '\ufffd');
    for (const length of [2 ** 18 - 3, 2 ** 18 - 2, 2 ** 18 + 1]) {
      const text = `${'a'.repeat(length)}\ufffd`;
      is(decodeStrict(encoder.encode(text), 'text'), text);
      const wrong = new Uint8Array(length + 3).fill(0x61);
      wrong[length] = 0xff;
      is(decodeStrict(wrong, 'text'), null);
    }
  });

  test('an exhausted call stack is not mistaken for bytes that are not UTF-8', async () => {
    is(decodeStrict(Uint8Array.of(0xff), 'text'), null);
    const original = Object.getOwnPropertyDescriptor(TextDecoder.prototype, 'decode')!;
    const decode = () => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    Object.defineProperty(TextDecoder.prototype, 'decode', { ...original, value: decode });
    try {
      await raises(() => decodeStrict(Uint8Array.of(0x61), 'text'), { message: 'call stack' });
    } finally {
      Object.defineProperty(TextDecoder.prototype, 'decode', original);
    }
  });

  test('texts that are placed one after the other get separate blocks', () => {
    const kernel = new Kernel({ maxVarBytes: 0 });
    kernel.begin('the input');
    const texts = ['one', 'grüße', '', 'x'.repeat(5000), 'last'];
    const handles = texts.map(text => kernel.place(text));
    const textOf = (handle: number) => kernel.textOf(handle, 'block');
    equal(handles.map(textOf), texts);
    is(textOf(kernel.memory.inputStart), 'the input');
    is(handles[2], 0);
  });
});
