import { writePayload } from '../../src/actor/engine/input.ts';
import type { ActorDiagnostic } from '../../src/actor/errors.ts';
import { Float } from '../../src/actor/float.ts';
import { readJson } from '../../src/actor/json/reader.ts';
import type { JsonValue } from '../../src/actor/json/value.ts';
import { writeJson } from '../../src/actor/json/writer.ts';
import { Message, type Packet } from '../../src/actor/message/message.ts';
import { fromWire, readPacket, writePacket } from '../../src/actor/message/wire.ts';
import { ownMessage } from '../../src/network/own-packet.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

const messages: [message: Message, wire: string][] = [
  [Message.flow(), '{"type":"Flow","data":null}'],
  [Message.event({ at: 1 }), '{"type":"Event","data":{"at":1}}'],
  [Message.boolean(true), '{"type":"Boolean","data":true}'],
  [Message.integer(10), '{"type":"Integer","data":10}'],
  [Message.integer(2n ** 63n - 1n), '{"type":"Integer","data":9223372036854775807}'],
  [Message.integer(-(2n ** 63n)), '{"type":"Integer","data":-9223372036854775808}'],
  [Message.float(1), '{"type":"Float","data":1.0}'],
  [Message.float(-0), '{"type":"Float","data":-0.0}'],
  [Message.float(0.5), '{"type":"Float","data":0.5}'],
  [Message.float(1e300), '{"type":"Float","data":1e+300}'],
  [Message.string('flow'), '{"type":"String","data":"flow"}'],
  [Message.object({ a: new Float(1), b: 1 }), '{"type":"Object","data":{"a":1.0,"b":1}}'],
  [Message.array([1, 'x', null]), '{"type":"Array","data":[1,"x",null]}'],
  [Message.stream(Uint8Array.of(0, 255)), '{"type":"Stream","data":[0,255]}'],
  [Message.optional(), '{"type":"Optional","data":null}'],
  [Message.optional([1]), '{"type":"Optional","data":[1]}'],
  [Message.any('x'), '{"type":"Any","data":"x"}'],
  [Message.error('bad'), '{"type":"Error","data":"bad"}'],
  [Message.encoded(Uint8Array.of(1, 2)), '{"type":"Encoded","data":[1,2]}'],
  [
    Message.remoteReference({ network_id: 'n', actor_id: 'a', port: 'p' }),
    '{"type":"RemoteReference","data":{"network_id":"n","actor_id":"a","port":"p"}}',
  ],
  [
    Message.networkEvent({ event_type: 'HeartbeatMissed', data: [new Float(1)] }),
    '{"type":"NetworkEvent","data":{"event_type":"HeartbeatMissed","data":[1.0]}}',
  ],
];

suite('messages: on the wire', test => {
  for (const [message, wire] of messages) {
    test(`${wire} goes and comes back`, () => {
      ok(Message.is(message));
      const text = `{"port":${wire}}`;
      is(writePacket({ port: message }), text);
      equal(readPacket(text), { port: message });
    });
  }

  test('Integer -0 is 0, since -0 is a float on the wire', () => {
    is(writePacket({ n: Message.integer(Math.round(-0.2)) }), '{"n":{"type":"Integer","data":0}}');
  });

  test('a port may have any name', () => {
    const text =
      '{"__proto__":{"type":"Flow","data":null},"constructor":{"type":"Flow","data":null},"":{"type":"Flow","data":null}}';
    is(writePacket(readPacket(text)), text);
  });

  test('keys beside type and data are not sent', () => {
    const extra = { ...Message.integer(1), secret: 2 };
    is(writePacket({ n: extra }), '{"n":{"type":"Integer","data":1}}');
  });
});

suite('messages: lenient reading, as upstream', test => {
  test('a port that a packet has twice is told, and the last message counts', async () => {
    const text = '{"p":{"type":"Flow"},"p":{"type":"Integer","data":1}}';
    const message = 'p: expected one message, got several; send each in a packet of its own';
    await raises(() => readPacket(text), { code: 'MESSAGE_SKIPPED', message });
    const reports: ActorDiagnostic[] = [];
    equal(
      readPacket(text, report => reports.push(report)),
      { p: Message.integer(1) },
    );
    equal(reports, [{ code: 'MESSAGE_SKIPPED', message }]);
  });

  const TYPES =
    'expected as type one of Flow, Event, Boolean, Integer, Float, String, Object, Array, Stream, Optional, Any, Error, ';
  // Messages that upstream drops silently.
  const skipped: [wire: string, why: string][] = [
    ['1', 'expected an object with type and data, got 1'],
    ['null', 'expected an object with type and data, got null'],
    ['1.0', 'expected an object with type and data, got 1.0'],
    ['[]', 'expected an object with type and data, got an array of 0'],
    ['{}', `${TYPES}got undefined`],
    ['{"data":1}', `${TYPES}got undefined`],
    ['{"type":"Integer"}', 'Integer without data'],
    ['{"type":"Any"}', 'Any without data'],
    ['{"type":1,"data":1}', `${TYPES}got 1`],
    ['{"type":"integer","data":1}', `${TYPES}got "integer"`],
    ['{"type":"toString","data":1}', `${TYPES}got "toString"`],
    ['{"type":"__proto__","data":1}', `${TYPES}got "__proto__"`],
    ['{"__proto__":{"type":"Flow","data":1}}', `${TYPES}got undefined`],
    ['{"type":"Encoded","data":[1]}', `${TYPES}got "Encoded"`],
    ['{"type":"RemoteReference","data":{}}', `${TYPES}got "RemoteReference"`],
    ['{"type":"NetworkEvent","data":{}}', `${TYPES}got "NetworkEvent"`],
  ];
  for (const [wire, why] of skipped) {
    test.row('upstream.7', `${wire} is skipped`, async () => {
      const reports: ActorDiagnostic[] = [];
      is(
        fromWire(readJson(wire), 'p', report => reports.push(report), undefined, ['outputs']),
        undefined,
      );
      equal(reports, [{ code: 'MESSAGE_SKIPPED', message: `outputs.p: message skipped: ${why}` }]);
      const isOfHost = /"(Encoded|RemoteReference|NetworkEvent)"/.test(wire);
      if (!isOfHost) {
        await raises(() => readPacket(`{"p":${wire}}`), {
          code: 'MESSAGE_SKIPPED',
          message: why.replace(/Error, got/, 'Error, Encoded, RemoteReference, NetworkEvent, got'),
        });
      }
    });
  }

  // Data of the wrong type, which upstream replaces by a default.
  const defaulted: [wire: string, message: Message][] = [
    ['{"type":"Boolean","data":1}', Message.boolean(false)],
    ['{"type":"Boolean","data":null}', Message.boolean(false)],
    ['{"type":"Integer","data":5.0}', Message.integer(0)],
    ['{"type":"Integer","data":-0}', Message.integer(0)],
    ['{"type":"Integer","data":0.5}', Message.integer(0)],
    ['{"type":"Integer","data":"5"}', Message.integer(0)],
    ['{"type":"Integer","data":9223372036854775808}', Message.integer(0)],
    ['{"type":"Integer","data":-9223372036854775809}', Message.integer(0)],
    ['{"type":"Float","data":"1"}', Message.float(0)],
    ['{"type":"Float","data":null}', Message.float(0)],
    ['{"type":"String","data":1}', Message.string('')],
    ['{"type":"Error","data":{}}', Message.error('')],
    ['{"type":"Array","data":{}}', Message.array([])],
    ['{"type":"Stream","data":[1,256]}', Message.stream(new Uint8Array(0))],
    ['{"type":"Stream","data":[1,-1]}', Message.stream(new Uint8Array(0))],
    ['{"type":"Stream","data":[1.0]}', Message.stream(new Uint8Array(0))],
    ['{"type":"Stream","data":[0.5]}', Message.stream(new Uint8Array(0))],
    ['{"type":"Stream","data":[18446744073709551616]}', Message.stream(new Uint8Array(0))],
    ['{"type":"Stream","data":"AQ=="}', Message.stream(new Uint8Array(0))],
  ];
  // Types that are only for hosts: wrong data is refused, there is no lenient reading.
  for (const wire of [
    '{"type":"Encoded","data":"AQ=="}',
    '{"type":"RemoteReference","data":{"network_id":"n","actor_id":"a","port":1}}',
    '{"type":"NetworkEvent","data":{"event_type":"Party","data":1}}',
    '{"type":"NetworkEvent","data":{"event_type":"NetworkConnected"}}',
  ]) {
    test(`${wire} is refused`, async () => {
      await raises(() => readPacket(`{"p":${wire}}`), { code: 'MESSAGE_DEFAULTED' });
    });
  }
  for (const [wire, message] of defaulted) {
    test.row(['upstream.7', 'upstream.8'], `${wire} becomes the default`, async () => {
      const reports: ActorDiagnostic[] = [];
      equal(
        fromWire(readJson(wire), 'p', report => reports.push(report), undefined, ['outputs']),
        message,
      );
      is(reports.length, 1);
      is(reports[0]?.code, 'MESSAGE_DEFAULTED');
      ok(reports[0]?.message.startsWith(`outputs.p.data: expected `), reports[0]?.message);
      await raises(() => readPacket(`{"p":${wire}}`), { code: 'MESSAGE_DEFAULTED' });
    });
  }

  const accepted: [wire: string, message: Message][] = [
    ['{"type":"Flow"}', Message.flow()],
    ['{"type":"Flow","data":{"ignored":1}}', Message.flow()],
    ['{"type":"Optional"}', Message.optional()],
    ['{"type":"Float","data":7}', Message.float(7)],
    ['{"type":"Float","data":7.0}', Message.float(7)],
    ['{"type":"Float","data":9007199254740993}', Message.float(9007199254740992)],
    ['{"type":"Object","data":[1]}', { type: 'Object', data: [1] }],
    ['{"type":"Any","data":null}', Message.any(null)],
    ['{"data":1,"more":2,"type":"Integer"}', Message.integer(1)],
  ];
  for (const [wire, message] of accepted) {
    test(`${wire} is accepted without a diagnostic`, () =>
      equal(readPacket(`{"p":${wire}}`), { p: message }));
  }

  test('a packet is an object', async () => {
    await raises(() => readPacket('[1]'), { code: 'INVALID_MESSAGE', message: 'got an array of 1' });
    await raises(() => readPacket('{'), { code: 'JSON_SYNTAX' });
  });
});

suite('messages: mistakes of senders', test => {
  const path = ['payload'];
  const x = (type: unknown, data: unknown) => ({ x: { type, data } });
  const refused: [packet: unknown, code: string, message: string][] = [
    [null, 'INVALID_MESSAGE', 'payload: expected an object of port → message, got null'],
    [[], 'INVALID_MESSAGE', 'payload: expected an object of port → message, got an array of 0'],
    [{ x: 5 }, 'INVALID_MESSAGE', 'payload.x: expected a message such as Message.integer(5), got 5'],
    [
      { x: undefined },
      'INVALID_MESSAGE',
      'payload.x: expected a message such as Message.integer(5), got undefined',
    ],
    [{ 'a b': {} }, 'INVALID_MESSAGE', 'payload["a b"].type: expected one of Flow, Event'],
    [x('integer', 1), 'INVALID_MESSAGE', 'payload.x.type: expected one of Flow'],
    [x('constructor', 1), 'INVALID_MESSAGE', 'payload.x.type: expected one of Flow'],
    [x('Flow', 1), 'INVALID_MESSAGE', 'payload.x.data: expected null or nothing for Flow, got 1'],
    [x('Boolean', 0), 'INVALID_MESSAGE', 'payload.x.data: expected true or false for Boolean, got 0'],
    [x('Integer', 1.5), 'INVALID_MESSAGE', 'payload.x.data: expected an integer in [-2^63, 2^63)'],
    [x('Integer', 2 ** 53), 'INVALID_MESSAGE', 'a bigint beyond 2^53 for Integer, got 9007199254740992'],
    [x('Integer', 2n ** 63n), 'INVALID_MESSAGE', 'for Integer, got 9223372036854775808n'],
    [x('Integer', -(2n ** 63n) - 1n), 'INVALID_MESSAGE', 'for Integer, got -9223372036854775809n'],
    [x('Integer', Number.NaN), 'INVALID_MESSAGE', 'for Integer, got NaN'],
    [x('Float', 1n), 'INVALID_MESSAGE', 'payload.x.data: expected a number for Float, got 1n'],
    [x('Float', Number.NaN), 'JSON_VALUE', 'payload.x.data: NaN is not JSON'],
    [x('Float', -1 / 0), 'JSON_VALUE', 'payload.x.data: -Infinity is not JSON'],
    [
      x('String', new String('x')),
      'INVALID_MESSAGE',
      'expected a string for String, got an object of class String',
    ],
    [x('Array', {}), 'INVALID_MESSAGE', 'payload.x.data: expected an array for Array, got an object'],
    [x('Array', [1, Number.NaN]), 'JSON_VALUE', 'payload.x.data[1]: NaN is not JSON'],
    [x('Stream', [1]), 'INVALID_MESSAGE', 'payload.x.data: expected bytes for Stream, got an array of 1'],
    [x('Object', { a: [Number.NaN] }), 'JSON_VALUE', 'payload.x.data.a[0]: NaN is not JSON'],
    [x('Any', undefined), 'INVALID_MESSAGE', 'payload.x.data: expected a JSON value for Any, got undefined'],
    [
      x('Error', new Error('x')),
      'INVALID_MESSAGE',
      'expected a string for Error, got an object of class Error',
    ],
  ];
  for (const [index, [packet, code, message]] of refused.entries()) {
    test.row(`error.${code}`, `${index}: ${message}`, async () => {
      await raises(() => writePacket(packet as Packet, path), { code, message });
    });
  }

  test('Message.is checks type and data', () => {
    is(Message.is({ type: 'Flow' }), true);
    is(Message.is(Message.integer(1)), true);
    for (const other of [null, 1, [], {}, { type: 'Integer', data: '1' }, { type: 'Int', data: 1 }]) {
      is(Message.is(other), false);
    }
    const given: unknown = Message.integer(5);
    if (Message.is(given, 'Integer')) is(BigInt(given.data), 5n);
    is(Message.is(given, 'Integer'), true);
    is(Message.is(given, 'Float'), false);
    is(Message.is({ type: 'NetworkEvent', data: { event_type: 'toString', data: 1 } }), false);
    is(Message.is({ type: 'RemoteReference', data: null }), false);
  });
});

suite('messages: to a plugin', test => {
  const event = { event_type: 'ActorRegistered', data: { a: 1 } } as const;
  const reference = { network_id: 'n', actor_id: 'a', port: 'p' };
  const json = (text: string) => `{"data":[${[...new TextEncoder().encode(text)].join(',')}]}`;
  const rows: [message: Message, plain: string | null, upstream: string][] = [
    [Message.flow(), '{"type":"Flow","data":null}', '{"type":"Flow","data":null}'],
    [Message.integer(1), '{"type":"Integer","data":1}', '{"type":"Integer","data":1}'],
    [Message.array([{}]), '{"type":"Array","data":[{}]}', '{"type":"Array","data":[{}]}'],
    [
      Message.object({ a: 1 }),
      '{"type":"Object","data":{"a":1}}',
      `{"type":"Object","data":${json('{"a":1}')}}`,
    ],
    [Message.event('é'), '{"type":"Event","data":"é"}', `{"type":"Event","data":${json('"é"')}}`],
    [Message.any(null), '{"type":"Any","data":null}', `{"type":"Any","data":${json('null')}}`],
    [Message.optional(), '{"type":"Optional","data":null}', '{"type":"Optional","data":null}'],
    [Message.optional(1), '{"type":"Optional","data":1}', `{"type":"Optional","data":${json('1')}}`],
    [Message.encoded(Uint8Array.of(7)), null, '{"type":"Stream","data":[7]}'],
    [
      Message.remoteReference(reference),
      `{"type":"Any","data":${JSON.stringify(reference)}}`,
      `{"type":"Any","data":${JSON.stringify(reference)}}`,
    ],
    [
      Message.networkEvent(event),
      '{"type":"Event","data":{"event_type":"ActorRegistered","data":{"a":1}}}',
      `{"type":"Event","data":{"event_type":"ActorRegistered","data":${json('{"a":1}')}}}`,
    ],
  ];
  for (const [message, plain, upstream] of rows) {
    test.row(['upstream.1', 'upstream.21'], `${message.type} ${plain}`, async () => {
      is(writePayload({ x: message }, { wire: 'upstream' }), `{"x":${upstream}}`);
      const write = () => writePayload({ x: message });
      if (plain) is(write(), `{"x":${plain}}`);
      else
        await raises(write, { code: 'INVALID_MESSAGE', message: /^payload\.x: Encoded is upstream's own/ });
    });
  }

  test.row('upstream.22', 'values that JSON cannot carry are refused by name, on every wire', async () => {
    for (const wire of ['plain', 'upstream'] as const) {
      const notANumber: Message = { type: 'Float', data: Number.NaN };
      for (const message of [notANumber, Message.any({ y: [-1 / 0] })]) {
        await raises(() => writePayload({ x: message }, { wire }), {
          code: 'JSON_VALUE',
          message: /^payload\.x\.data(\.y\[0\])?: (NaN|-Infinity) is not JSON$/,
        });
      }
    }
  });
});

suite('messages: values of the caller that throw', test => {
  const boom = new Error('boom');
  const hostile = (): never => {
    throw boom;
  };
  const deep = {
    b: [
      {
        get c(): JsonValue {
          return hostile();
        },
      },
    ],
  };
  const rows: [name: string, packet: Packet][] = [
    ['a getter deep in the data', { x: Message.integer(1), y: { type: 'Any', data: deep } }],
    [
      'a getter of the message',
      {
        x: {
          type: 'String',
          get data() {
            return hostile();
          },
        },
      },
    ],
    [
      'a getter of the packet',
      {
        get x() {
          return hostile();
        },
      },
    ],
    ['a packet whose keys cannot be read', new Proxy({}, { ownKeys: hostile })],
  ];
  for (const [name, packet] of rows) {
    test(`${name}: the error is of the packet, and has theirs as cause`, async () => {
      for (const wire of ['plain', 'upstream'] as const) {
        await raises(() => writePayload(packet, { wire }), {
          code: 'INVALID_MESSAGE',
          message: 'payload: expected a value that can be read, got one that throws',
          cause: boom,
        });
      }
    });
  }
});

suite('messages: hostile values of the caller', test => {
  test('a type is read once, so that the checked one is written', () => {
    let reads = 0;
    const message = {
      get type() {
        return reads++ === 0 ? 'Any' : '"} , {"';
      },
      get data() {
        return reads === 1 ? 5 : Number.NaN;
      },
    } as Message;
    const once = <T>(use: () => T): T => {
      reads = 0;
      const got = use();
      is(reads, 1);
      return got;
    };
    is(
      once(() => writePayload({ x: message })),
      '{"x":{"type":"Any","data":5}}',
    );
    is(
      once(() => writePacket({ x: message })),
      '{"x":{"type":"Any","data":5}}',
    );
    is(
      once(() => Message.toPlain(message)),
      5,
    );
    equal(
      once(() => ownMessage(message, ['x'])),
      Message.any(5),
    );
  });

  test('the steps of a path count as levels of a packet', async () => {
    const path = (steps: number) => Array.from({ length: steps }, () => 'p');
    is(writePacket({ x: Message.flow() }, path(125)), '{"x":{"type":"Flow","data":null}}');
    for (const [packet, steps] of [
      [{ x: Message.flow() }, 126],
      [{}, 127],
      [{ x: Message.any([1]) }, 125],
    ] as const) {
      await raises(() => writePacket(packet, path(steps)), { code: 'JSON_DEPTH' });
    }
  });

  test('a plain object with the mark of floats is an object, as JSON has it', () => {
    const marked = { [Symbol.for('plugboard.Float')]: true, value: 1 };
    is(writePayload({ x: Message.object(marked) }), '{"x":{"type":"Object","data":{"value":1}}}');
  });

  test('errors of a codec pass as they are', async () => {
    const refuse = () => {
      throw new TypeError('no dates');
    };
    const codec = { encoding: 'own', write: refuse, join: refuse, read: refuse };
    await raises(() => writePayload({ x: Message.integer(1) }, { codec }), { message: /^no dates$/ });
  });
});

suite('messages: to plain JSON', test => {
  const rows: [message: Message, json: string][] = [
    [Message.flow(), '"flow"'],
    [Message.event({ a: 1 }), '{"a":1}'],
    [Message.boolean(false), 'false'],
    [Message.integer(2n ** 63n - 1n), '9223372036854775807'],
    [Message.float(1), '1.0'],
    [Message.float(0.5), '0.5'],
    [Message.string('x'), '"x"'],
    [Message.array([1, new Float(1)]), '[1,1.0]'],
    [Message.stream(Uint8Array.of(0, 255)), '[0,255]'],
    [Message.optional(), 'null'],
    [Message.optional({ a: 1 }), '{"a":1}'],
    [Message.error('bad'), '"bad"'],
    [
      Message.remoteReference({ network_id: 'n', actor_id: 'a', port: 'p' }),
      '{"network_id":"n","actor_id":"a","port":"p"}',
    ],
    [
      Message.networkEvent({ event_type: 'NetworkConnected', data: 1 }),
      '{"event_type":"NetworkConnected","data":1}',
    ],
  ];
  for (const [message, json] of rows) {
    test(`${message.type} is ${json}`, () => is(writeJson(Message.toPlain(message)), json));
  }

  const refused: [message: unknown, code: string, text: string][] = [
    [{ type: 'Float', data: Number.NaN }, 'JSON_VALUE', 'message.data: NaN is not JSON'],
    [Message.encoded(new Uint8Array(1)), 'INVALID_MESSAGE', 'message: Encoded is'],
    [{ type: 'Integer', data: 'x' }, 'INVALID_MESSAGE', 'message.data: expected an integer'],
    [null, 'INVALID_MESSAGE', 'message: expected a message such as Message.integer(5)'],
  ];
  for (const [message, code, text] of refused) {
    test(`refused: ${text}`, async () => {
      await raises(() => Message.toPlain(message as Message), { code, message: text });
    });
  }

  test('Message.toPlain of Message.from returns the same plain JSON value', () => {
    const firstSeed = Date.now() & 0xffff_ffff;
    for (let seed = firstSeed; seed < firstSeed + 200; seed++) {
      const json = randomJson(new Random(seed), 3);
      equal(Message.toPlain(Message.from(json)), json, `seed ${seed}`);
    }
  });
});

function randomJson(random: Random, depth: number): JsonValue {
  const leaves = [
    null,
    true,
    random.below(1000),
    BigInt(random.below(1e9)) + 2n ** 60n,
    random.below(1000) + 0.5,
    new Float(random.below(9)),
    'flow',
  ];
  const list = () => Array.from({ length: random.below(3) }, () => randomJson(random, depth - 1));
  const kind = depth > 0 ? random.below(3) : 0;
  if (kind === 0) return random.pick(leaves);
  return kind === 1
    ? list()
    : Object.fromEntries(list().map((value, index) => [`__proto__${index}`.slice(0, 9), value]));
}

suite('messages: from plain JSON', test => {
  const rows: [json: string, message: Message][] = [
    ['null', Message.optional()],
    ['true', Message.boolean(true)],
    ['1', Message.integer(1)],
    ['9223372036854775807', Message.integer(2n ** 63n - 1n)],
    ['-9223372036854775808', Message.integer(-(2n ** 63n))],
    ['9223372036854775808', Message.float(2 ** 63)],
    ['1.0', Message.float(1)],
    ['1e3', Message.float(1000)],
    ['-0', Message.float(-0)],
    ['0.5', Message.float(0.5)],
    ['"flow"', Message.string('flow')],
    ['[1,{"type":"Integer","data":4}]', Message.array([1, { type: 'Integer', data: 4 }])],
    ['{"type":"Integer","data":4}', Message.object({ type: 'Integer', data: 4 })],
  ];
  for (const [json, message] of rows) {
    test(`${json} is ${message.type}`, () => {
      equal(Message.from(readJson(json) as JsonValue), message);
    });
  }
});
