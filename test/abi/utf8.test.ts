import { Kernel } from '../../abi/index.ts';
import { decodeStrict, utf8 } from '../../abi/utf8.ts';
import { equal, is, raises } from '../helpers/assert.ts';
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
