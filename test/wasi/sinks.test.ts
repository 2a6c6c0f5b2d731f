import { bytesSource, LineSink, type LineSinkOptions } from '../../wasi/index.ts';
import { MAX_LINE_BYTES } from '../../wasi/provided/sinks.ts';
import { bytesEqual, equal, is, raises } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { utf8 } from './guest.ts';

/** Returns the lines, then the line that `flush` emits. */
function linesOf(writes: readonly (readonly number[])[], options: LineSinkOptions = {}): string[] {
  const lines: string[] = [];
  const sink = new LineSink({ ...options, onLine: text => void lines.push(text) });
  for (const bytes of writes) sink.write(Uint8Array.from(bytes));
  sink.flush();
  sink.flush();
  return lines;
}

suite('wasi/sinks', test => {
  for (const { title, writes, options, lines } of [
    { title: 'nothing', writes: [[]], lines: [] },
    {
      title: 'lines and a last one without newline',
      writes: [utf8('a\nb\n\nc')],
      lines: ['a', 'b', '', 'c'],
    },
    { title: 'a line in several writes', writes: [utf8('a'), utf8('b\nc'), utf8('\n')], lines: ['ab', 'c'] },
    {
      title: 'a character cut between writes',
      writes: [
        [0xe2, 0x82],
        [0xac, 10],
      ],
      lines: ['€'],
    },
    { title: 'bytes that are not UTF-8', writes: [[0x61, 0xff, 0x62, 10]], lines: ['a\ufffdb'] },
    { title: 'a byte order mark is text', writes: [utf8('\ufeffa\n')], lines: ['\ufeffa'] },
    { title: 'carriage returns stay', writes: [utf8('a\r\n')], lines: ['a\r'] },
    {
      title: 'a line as long as allowed',
      writes: [utf8('abcd'), utf8('\nx')],
      options: { maxLineBytes: 4 },
      lines: ['abcd', 'x'],
    },
    {
      title: 'a line longer than allowed',
      writes: [utf8('abcdefghi\n')],
      options: { maxLineBytes: 4 },
      lines: ['abcd', 'efgh', 'i'],
    },
    {
      title: 'a long line is cut between characters',
      writes: [utf8('aé€é😀x\n')],
      options: { maxLineBytes: 5 },
      lines: ['aé', '€é', '😀x'],
    },
    {
      title: 'a long line that ends in DEL after half a character is cut at its end',
      writes: [[...utf8('ab'), 0xe2, 0x7f, ...utf8('cd')]],
      options: { maxLineBytes: 4 },
      lines: ['ab\ufffd\x7f', 'cd'],
    },
    {
      title: 'a long line is cut before the last byte that can begin a character',
      writes: [[...utf8('ab'), 0xe2, 0xc0, ...utf8('cd')]],
      options: { maxLineBytes: 4 },
      lines: ['ab\ufffd', '\ufffdcd'],
    },
    {
      title: 'a long line of continuation bytes',
      writes: [new Array<number>(9).fill(0x80)],
      options: { maxLineBytes: 4 },
      lines: ['\ufffd\ufffd\ufffd\ufffd', '\ufffd\ufffd\ufffd\ufffd', '\ufffd'],
    },
  ])
    test(title, () => equal(linesOf(writes, options), lines));

  for (const [character, bytes] of [
    ['é', 2],
    ['€', 3],
    ['😀', 4],
  ] as const)
    for (let inside = 1; inside <= bytes; inside++)
      test(`${inside} of the ${bytes} bytes of a character fit into the line`, () => {
        const before = 'a'.repeat(4 - inside);
        const after = bytes < 4 ? [`${character}x`] : [character, 'x'];
        const lines = inside < bytes ? [before, ...after] : [before + character, 'x'];
        equal(linesOf([utf8(`${before}${character}x\n`)], { maxLineBytes: 4 }), lines);
      });

  for (const [title, given] of [
    ['a text', 'a\n'],
    ['numbers', [97, 10]],
    ['nothing', undefined],
  ] as const)
    test(`refuses to write ${title}`, async () => {
      const sink = new LineSink();
      await raises(() => sink.write(given as unknown as Uint8Array), { code: 'WASI_INVALID_OPTION' });
      equal(sink.lines, []);
    });

  test('the lines do not depend on how the bytes are divided into writes', () => {
    const seed = Date.now() >>> 0;
    const random = new Random(seed);
    const alphabet = [10, 10, 0x61, 0x62, 0xff, 0x80, ...utf8('é€😀')];
    for (let round = 0; round < 300; round++) {
      const options = { maxLineBytes: 4 + random.below(12) };
      const bytes = Array.from({ length: random.below(200) }, () => random.pick(alphabet));
      const writes: number[][] = [];
      for (let at = 0; at < bytes.length; ) {
        const end = at + random.below(9);
        writes.push(bytes.slice(at, end));
        at = end;
      }
      equal(linesOf(writes, options), linesOf([bytes], options), `seed ${seed}, round ${round}`);
    }
  });

  test('characters are not cut: the pieces of a long line join to the whole text', () => {
    const seed = Date.now() >>> 0;
    const random = new Random(seed);
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: random.below(60) }, () => random.pick(['a', 'é', '€', '😀'])).join(
        '',
      );
      const lines = linesOf([utf8(text)], { maxLineBytes: 4 + random.below(9) });
      is(lines.join(''), text, `seed ${seed}, round ${round}`);
    }
  });

  test('at most keepLines last lines are kept', () => {
    const sink = new LineSink({ keepLines: 2 });
    sink.write(Uint8Array.from(utf8('a\nb\nc\nd')));
    equal(sink.lines, ['b', 'c']);
    sink.flush();
    equal(sink.lines, ['c', 'd']);
    sink.clear();
    equal(sink.lines, []);
  });

  test('last lines of at most keepBytes bytes are kept', () => {
    const sink = new LineSink({ keepBytes: 5 });
    sink.write(Uint8Array.from(utf8('aa\nbb\nccc\n')));
    equal(sink.lines, ['bb', 'ccc']);
    sink.write(Uint8Array.from(utf8('dddddd\n')));
    equal(sink.lines, []);
    sink.write(Uint8Array.from(utf8('e\n')));
    equal(sink.lines, ['e']);
  });

  test('clear makes room for new lines', () => {
    const sink = new LineSink({ keepBytes: 5 });
    sink.write(Uint8Array.from(utf8('aaa\n')));
    sink.clear();
    sink.write(Uint8Array.from(utf8('bbbbb\n')));
    equal(sink.lines, ['bbbbb']);
    sink.clear();
    sink.write(Uint8Array.from(utf8('ccc\nddd\n')));
    equal(sink.lines, ['ddd']);
  });

  test('clear forgets the unfinished line', () => {
    const sink = new LineSink();
    sink.write(Uint8Array.from(utf8('half')));
    sink.clear();
    sink.write(Uint8Array.from(utf8('whole\n')));
    equal(sink.lines, ['whole']);
  });

  test('a listener that throws does not get the line again', async () => {
    const lines: string[] = [];
    const sink = new LineSink({
      onLine: text => {
        lines.push(text);
        if (text === 'a') throw new Error('full');
      },
    });
    await raises(() => sink.write(Uint8Array.from(utf8('a\n'))), { message: 'full' });
    sink.write(Uint8Array.from(utf8('b\n')));
    equal(lines, ['a', 'b']);
  });

  for (const options of [
    { maxLineBytes: 3 },
    { maxLineBytes: MAX_LINE_BYTES + 1 },
    { maxLineBytes: Number.NaN },
    { keepLines: -1 },
    { keepBytes: 0.5 },
  ])
    test(`refuses ${JSON.stringify(options)}`, async () => {
      await raises(() => new LineSink(options), {
        code: 'WASI_INVALID_LIMIT',
        message: Object.keys(options)[0]!,
      });
    });

  test('the longest line that may be asked for is the longest string of V8', () => {
    is(MAX_LINE_BYTES, 2 ** 29 - 24);
    equal(new LineSink({ maxLineBytes: MAX_LINE_BYTES }).lines, []);
  });

  test('bytesSource returns its bytes once', () => {
    const source = bytesSource(Uint8Array.of(1, 2, 3));
    const into = new Uint8Array(2);
    equal([source.read(into), [...into]], [2, [1, 2]]);
    equal([source.read(into), [...into]], [1, [3, 2]]);
    is(source.read(into), 0);
    bytesEqual(into, [3, 2]);
  });
});
