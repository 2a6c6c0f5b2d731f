import { parseYaml } from '../../src/types/yaml.ts';
import { equal, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const read: readonly [rule: string, text: string, value: unknown][] = [
  ['nothing is null', '', null],
  ['a text of comments is null', '# a\n\n  # b\n', null],
  ['a mapping', '---\na: 1\nb: x y\n', { a: 1, b: 'x y' }],
  ['mappings in mappings', 'a:\n  b:\n    c: d\n  e: f\ng: h', { a: { b: { c: 'd' }, e: 'f' }, g: 'h' }],
  ['a key without a value is null', 'a:\nb: 1', { a: null, b: 1 }],
  ['a list', '- a\n- 2\n-\n', ['a', 2, null]],
  ['a list as far left as its key', 'a:\n- b\n- c\nd: e', { a: ['b', 'c'], d: 'e' }],
  ['a list below its key', 'a:\n  - b\n  - - c\n    - d', { a: ['b', ['c', 'd']] }],
  ['mappings in a list', '- a: 1\n  b: 2\n- c:\n    d: 3\n', [{ a: 1, b: 2 }, { c: { d: 3 } }]],
  [
    'the words of the core schema',
    '[null, ~, true, False, TRUE, yes, no]',
    [null, null, true, false, true, 'yes', 'no'],
  ],
  [
    'numbers of the core schema',
    '[1, -2, 0x1f, 0o17, 1.5, .5, 1e3, 1.2.3, 0b1]',
    [1, -2, 31, 15, 1.5, 0.5, 1000, '1.2.3', '0b1'],
  ],
  [
    'quoted texts',
    `a: "x\\n\\u00e9\\x41\\"" # c\nb: 'it''s # not'\n"c d": e`,
    { a: 'x\né' + 'A"', b: "it's # not", 'c d': 'e' },
  ],
  ['comments', 'a: b # c\nd: e#f\ng: "h" # i\n', { a: 'b', d: 'e#f', g: 'h' }],
  ['a plain value with colons', 'a: b:c\nd: http://x/y', { a: 'b:c', d: 'http://x/y' }],
  ['a plain value over several lines', 'a: one\n  two\n  three # four\nb: c', { a: 'one two three', b: 'c' }],
  ['a literal block', 'a: |\n  x\n    y\n\n  # z\nb: c', { a: 'x\n  y\n\n# z\n', b: 'c' }],
  ['a literal block without its last line end', 'a: |-\n  x\n  y\n\nb: c', { a: 'x\ny', b: 'c' }],
  ['a folded block', 'a: >\n  x\n  y\n\n  z\n', { a: 'x y\nz\n' }],
  ['a block in a list', '- |\n  a\n- b', ['a\n', 'b']],
  ['brackets', 'a: [b, "c, d", [e], {f: g, "h": 1,}]', { a: ['b', 'c, d', ['e'], { f: 'g', h: 1 }] }],
  ['a key __proto__', '__proto__: 1', JSON.parse('{"__proto__":1}')],
  ['line ends of Windows and a byte order mark', '\ufeffa: b\r\nc: d\r\n', { a: 'b', c: 'd' }],
  ['a document with JSON in it', '{"a": ["b", {"c": null}]}', { a: ['b', { c: null }] }],
];

const refused: readonly [rule: string, text: string, problem: RegExp][] = [
  ['an anchor', 'a: &x b', /line 1: "&"/],
  ['an alias', 'a: *x', /line 1: "\*"/],
  ['a tag', 'a: b\nc: !!str d', /line 2: "!"/],
  ['a merge', 'a: b\n<<: {c: d}\nc: &x', /line 3/],
  ['a second document', 'a: b\n---\nc: d', /line 2: a second document/],
  ['a tab in the indentation', 'a:\n\tb: c', /line 2: a tab/],
  ['a key twice', 'a: 1\nb: 2\na: 3', /line 3: the key "a"/],
  ['a value that goes on below', 'a: b\n  c: d', /line 2: the line before has a value/],
  ['a line too far to the left', '  a: b\nc: d', /line 2: expected the end/],
  ['a bracket that does not end on its line', 'a: [b,\n c]', /line 1/],
  ['a quoted text that does not end on its line', 'a: "b\n  c"', /line 1: a text in "/],
  ['text after a value', 'a: "b" c', /line 1: text after/],
  ['an unknown escape', 'a: "\\q"', /line 1: the escape \\q/],
  ['a plain value with a key in it', '- a: b: c', /line 1: a plain value with ": "/],
  ['a question mark', '? a\n: b', /line 1/],
  [
    'levels without end',
    Array.from({ length: 100 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
    /more than 64 levels/,
  ],
  ['brackets without end', '['.repeat(100), /more than 64 levels/],
];

suite('YAML', test => {
  for (const [rule, text, value] of read) {
    test(`reads ${rule}`, () => equal(parseYaml(text, 'text'), value));
  }
  for (const [rule, text, problem] of refused) {
    test(`refuses ${rule}`, async () => {
      await raises(() => parseYaml(text, 'text'), { code: 'INVALID_SCHEMA', message: problem });
    });
  }
  const long: Readonly<Record<string, string>> = {
    'spaces before no colon': `a${' '.repeat(200_000)}b`,
    'line ends in a block': `a: |\n  x${'\n'.repeat(200_000)}  y`,
    'a quoted text': `a: "${'\\\\'.repeat(100_000)}`,
    'number signs': `a: b${'#'.repeat(200_000)}`,
  };
  for (const [name, text] of Object.entries(long)) {
    test(`reads or refuses a long text in time that grows with its length: ${name}`, () => {
      try {
        parseYaml(text, 'text');
      } catch (error) {
        equal((error as { code: string }).code, 'INVALID_SCHEMA');
      }
    });
  }
});
