import { createPlugin } from '../../src/node.ts';
import { inContext, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';

const OTHER = buildModule({ functions: [{ name: 'run', body: [] }] });

const WRONG: readonly [text: string, message: string][] = [
  ['', 'plugboard.policy.json: expected JSON'],
  ['[]', 'policy: expected a plain object, got an empty array'],
  ['{}', 'plugboard.policy.json:1: policy.version: expected the version 1, got undefined'],
  ['{"version":2,"plugins":[]}', 'policy.version: expected the version 1'],
  ['{"version":1,\n"plugins":{}}', 'plugboard.policy.json:2: policy.plugins: expected an array'],
  ['{"version":1,"plugins":[\n{"name":"a"}]}', 'plugboard.policy.json:2: policy.plugins[0].grants'],
  [
    '{"version":1,"plugins":[{"name":"a","grants":[\n\n{"hots":"a"}]}]}',
    'plugboard.policy.json:3: policy.plugins[0].grants[0].hots: unknown key; did you mean "host"?',
  ],
  ['{"version":1,"plugins":[{"name":"a","grants":[{"host":"a"}]}]}', 'grants[0].reason: expected words'],
  [
    '{"version":1,"plugins":[{"name":"a","grants":[{"host":"a","reason":" "}]}]}',
    'grants[0].reason: expected words',
  ],
  [
    '{"version":1,"plugins":[{"name":"a","grants":[{"reason":"r"}]}]}',
    'expected exactly one of hash, host, path, preopen, config, function, power, got none',
  ],
  [
    '{"version":1,"plugins":[{"name":"a","grants":[{"host":"a","config":"b","reason":"r"}]}]}',
    'got host and config',
  ],
  [
    '{"version":1,"plugins":[{"name":"a","grants":[{"host":"https://a","reason":"r"}]}]}',
    'a URL with its scheme can match no host',
  ],
  ['{"version":1,"plugins":[{"name":"a","grants":[{"hash":"abc","reason":"r"}]}]}', 'expected a SHA-256'],
  [
    '{"version":1,"plugins":[{"name":"a","grants":[{"function":"f","reason":"r"}]}]}',
    'grants[0].namespace: expected a string, got undefined',
  ],
  [
    '{"version":1,"plugins":[{"name":"a","grants":[{"config":"f","access":"write","reason":"r"}]}]}',
    'access: expected only beside path or preopen',
  ],
  ['{"version":1,"plugins":[{"name":"a","grants":[{"power":"htpp","reason":"r"}]}]}', 'did you mean "http"?'],
  [
    '{"version":1,"plugins":[{"name":"a","grants":[{"config":"f","until":"2027-02-31","reason":"r"}]}]}',
    'until: expected a day such as',
  ],
  [
    '{"version":1,"plugins":[{"name":"a","grants":[]},{"name":"a","grants":[]}]}',
    'policy.plugins[1].name: expected a name that no other plugin has',
  ],
  ['{"version":1,"plugins":[],"plugins":[]}', 'plugboard.policy.json:1: policy.plugins: stands twice'],
  [`{"version":1,"plugins":${'['.repeat(40)}${']'.repeat(40)}}`, 'nested deeper than 16 levels'],
  [`{"version":1,"plugins":[]${' '.repeat(1_048_576)}}`, 'expected at most 1048576 characters'],
  ['{"version":1,"plugins":[],"__proto__":{"a":1}}', 'unknown key'],
];

suite('policy: wrong files', test => {
  for (const [text, message] of WRONG) {
    test.row(
      'error.INVALID_POLICY',
      `${text.slice(0, 80).replaceAll('\n', ' ')}: ${message.slice(0, 60)}`,
      async () => {
        await raises(() => createPlugin(OTHER, { policy: text }), { code: 'INVALID_POLICY', message });
      },
    );
  }

  test('the line is that of the wrong value, in each form of JSON', async () => {
    const policy = {
      version: 1,
      plugins: [
        {
          name: 'a',
          grants: [
            { config: 'k', reason: 'x\\"]},{' },
            { config: 1, reason: 'r' },
          ],
        },
      ],
    };
    for (const indent of [undefined, 0, 1, 2, '\t']) {
      const text = JSON.stringify(policy, null, indent);
      const line = text
        .slice(0, text.indexOf('"config":1') + 1 || text.indexOf('"config": 1') + 1)
        .split('\n').length;
      await inContext(`indent ${JSON.stringify(indent)}`, () =>
        raises(() => createPlugin(OTHER, { policy: text }), {
          code: 'INVALID_POLICY',
          message: `plugboard.policy.json:${line}: policy.plugins[0].grants[1].config: expected a string`,
        }),
      );
    }
  });
});
