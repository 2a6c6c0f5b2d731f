import { readActorConfig } from '../../src/actor/config/actor-config.ts';
import { joinContext, writeConfig, writePayload } from '../../src/actor/engine/input.ts';
import { readMetadata } from '../../src/actor/engine/metadata.ts';
import { readResult } from '../../src/actor/engine/result.ts';
import { type ActorDiagnostic, strictly } from '../../src/actor/errors.ts';
import { Float } from '../../src/actor/float.ts';
import { readJson } from '../../src/actor/json/reader.ts';
import type { JsonObject } from '../../src/actor/json/value.ts';
import { Message } from '../../src/actor/message/message.ts';
import { writeState } from '../../src/actor/state/written-state.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const base64 = (text: string) => JSON.stringify(btoa(text));

suite('actor context', test => {
  test('has every key that the SDKs ask for', () => {
    const payload = writePayload({ in: Message.integer(10), go: Message.flow() });
    const config = writeConfig(readActorConfig({ config: { factor: 3 } }));
    const text = joinContext(payload, config, writeState(new Map([['count', new Float(1)]])).part);
    is(
      text,
      '{"payload":{"in":{"type":"Integer","data":10},"go":{"type":"Flow","data":null}},' +
        '"config":{"node_id":"actor","component":"actor","resolved_env":{},"config":{"factor":3},"namespace":null},' +
        '"state":{"count":1.0}}',
    );
    readJson(text);
  });

  test('a state key may be any string', () => {
    is(writeState(new Map([['__proto__', 1]])).part, '{"__proto__":1}');
  });
});

suite('actor result', test => {
  const read = (text: string, reports: ActorDiagnostic[] = []) =>
    readResult(utf8(text), report => reports.push(report));
  const count = { count: Message.integer(6) };
  const countText = '{"count":{"type":"Integer","data":6}}';

  const accepted: [text: string, outputs: object, state: JsonObject | undefined, codes?: string[]][] = [
    [`{"outputs":${countText},"state":{"count":6}}`, count, { count: 6 }],
    [`{"outputs":${countText}}`, count, undefined],
    [`{"outputs":{},"state":null}`, {}, undefined],
    [`{"outputs":{},"state":{}}`, {}, {}],
    [`{"outputs":{},"state":[1]}`, {}, undefined, ['STATE_IGNORED']],
    [`{"outputs":{},"state":"x"}`, {}, undefined, ['STATE_IGNORED']],
    [`{"outputs":{},"state":1.0}`, {}, undefined, ['STATE_IGNORED']],
    [
      `{"outputs":{"a":1,"b":{"type":"Flow"}},"more":1}`,
      { b: Message.flow() },
      undefined,
      ['MESSAGE_SKIPPED'],
    ],
    [base64(`{"outputs":${countText}}`), count, undefined],
    [base64('{"outputs":{}}  '), {}, undefined],
  ];
  for (const [text, outputs, state, codes = []] of accepted) {
    test(`${text} is a result`, () => {
      const reports: ActorDiagnostic[] = [];
      equal(read(text, reports), state === undefined ? { outputs } : { outputs, state });
      equal(
        reports.map(report => report.code),
        codes,
      );
    });
  }

  const refused: [text: string, message: string][] = [
    ['', 'Invalid ActorResult: it is not valid JSON: expected a value, got the end of the text at byte 0'],
    ['hello', 'Invalid ActorResult: it is not valid JSON: expected a value, got "h" at byte 0'],
    ['null', 'Invalid ActorResult: missing outputs'],
    ['[]', 'Invalid ActorResult: missing outputs'],
    ['1.0', 'Invalid ActorResult: missing outputs'],
    ['{}', 'Invalid ActorResult: missing outputs'],
    ['{"outputs":null}', 'Invalid ActorResult: missing outputs'],
    ['{"outputs":[]}', 'Invalid ActorResult: missing outputs'],
    ['{"outputs":1.0}', 'Invalid ActorResult: missing outputs'],
    ['{"__proto__":{"outputs":{}}}', 'Invalid ActorResult: missing outputs'],
    [base64('"{}"'), 'Invalid ActorResult: missing outputs'],
    [base64('{'), 'Failed to parse decoded base64 as JSON: it is not valid JSON: expected a key in quotes'],
    ['""', 'Failed to parse decoded base64 as JSON: it is not valid JSON: expected a value'],
    ['"e30"', 'Failed to decode base64 string: 3 characters, not a multiple of 4'],
    ['"e 30"', 'Failed to decode base64 string: unexpected " " at character 1'],
    ['"e-_="', 'Failed to decode base64 string: unexpected "-" at character 1'],
    ['"=e30"', 'Failed to decode base64 string: '],
    ['"\u00e9abc"', 'Failed to decode base64 string: unexpected "é" at character 0'],
  ];
  for (const [text, message] of refused) {
    test.row('error.INVALID_RESULT', `${JSON.stringify(text)} is refused`, async () => {
      await raises(() => read(text), { code: 'INVALID_RESULT', message });
    });
  }

  test('bytes that are not UTF-8 are refused', async () => {
    const message = 'Invalid ActorResult: it is not UTF-8: invalid byte sequence at byte 1 of 2';
    await raises(() => readResult(Uint8Array.of(0x22, 0xff), strictly), { code: 'INVALID_RESULT', message });
  });

  test('a returned state fits into the next context', async () => {
    const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    const { state } = read(`{"outputs":{},"state":{"k":${deep(125)}}}`);
    readJson(joinContext('{}', '{}', writeState(new Map(Object.entries(state ?? {}))).part));
    const message = 'nested deeper than 127';
    await raises(() => read(`{"outputs":{},"state":{"k":${deep(126)}}}`), {
      code: 'INVALID_RESULT',
      message,
    });
  });

  test.row(
    ['error.MESSAGE_SKIPPED', 'error.MESSAGE_DEFAULTED', 'error.STATE_IGNORED'],
    'strict throws each diagnostic as an error',
    async () => {
      const strict = (text: string) => readResult(utf8(text), strictly);
      await raises(() => strict('{"outputs":{"a":1}}'), { code: 'MESSAGE_SKIPPED', message: 'outputs.a: ' });
      const wrongData = '{"outputs":{"a":{"type":"Integer","data":5.0}}}';
      await raises(() => strict(wrongData), { code: 'MESSAGE_DEFAULTED', message: 'outputs.a.data: ' });
      await raises(() => strict('{"outputs":{},"state":1}'), { code: 'STATE_IGNORED', message: 'got 1' });
    },
  );
});

suite('plugin metadata', test => {
  const read = (text: string) => readMetadata(utf8(text));

  test('is read whole', () => {
    const text =
      '{"component":"X","description":"d","inports":[{"name":"a","description":"b","port_type":"Integer","required":true}],' +
      '"outports":[],"config_schema":{"default":1.0},"version":2}';
    equal(read(text), {
      component: 'X',
      description: 'd',
      inports: [{ name: 'a', description: 'b', port_type: 'Integer', required: true }],
      outports: [],
      config_schema: { default: new Float(1) },
    });
  });

  test('lists may be null, and all keys but component and port names may be missing', () => {
    const empty = { description: '', inports: [], outports: [], config_schema: null };
    equal(read('{"component":"X","inports":null}'), { component: 'X', ...empty });
    equal(read('{"component":"X","outports":[{"name":"a"}]}').outports, [
      { name: 'a', description: '', port_type: 'Any', required: false },
    ]);
  });

  const refused: [text: string, code: string, message: string][] = [
    ['', 'JSON_SYNTAX', 'plugin metadata is not valid JSON: expected a value'],
    ['[]', 'INVALID_METADATA', 'plugin metadata: expected an object, got an array of 0'],
    ['{}', 'INVALID_METADATA', 'plugin metadata.component: expected a string, got undefined'],
    ['{"component":""}', 'INVALID_METADATA', 'plugin metadata.component: expected a name, got ""'],
    ['{"component":"X","description":1}', 'INVALID_METADATA', '.description: expected a string, got 1'],
    [
      '{"component":"X","inports":{}}',
      'INVALID_METADATA',
      '.inports: expected a list of ports, got an object',
    ],
    ['{"component":"X","inports":[1]}', 'INVALID_METADATA', '.inports[0]: expected an object, got 1'],
    ['{"component":"X","outports":[{}]}', 'INVALID_METADATA', '.outports[0].name: expected a string'],
    [
      '{"component":"X","inports":[{"name":"a","required":1}]}',
      'INVALID_METADATA',
      '.inports[0].required: expected true or false, got 1',
    ],
  ];
  for (const [text, code, message] of refused) {
    test.row(`error.${code}`, `${text || 'nothing'} is refused`, async () => {
      await raises(() => read(text), { code, message });
    });
  }
});
