import { Float } from '../../src/actor/float.ts';
import { Message } from '../../src/actor/message/message.ts';
import { ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

suite('messages: constructors', test => {
  const hostile = {
    get port(): string {
      throw new Error('getter');
    },
  };
  /** Method, wrong data, and the text of the error behind the name of the method. */
  const wrong: [method: keyof typeof Message, data: unknown, text: string][] = [
    ['event', undefined, 'expected a JSON value, got undefined'],
    ['event', Symbol('x'), 'expected a JSON value, got Symbol(x)'],
    ['boolean', 1, 'expected true or false, got 1'],
    ['integer', 1.5, 'expected an integer in [-2^63, 2^63), a bigint beyond 2^53, got 1.5'],
    ['integer', 2 ** 53, 'a bigint beyond 2^53, got 9007199254740992'],
    ['integer', 2n ** 63n, 'expected an integer in [-2^63, 2^63)'],
    ['integer', '1', 'got "1"'],
    ['integer', undefined, 'got undefined'],
    ['float', Number.NaN, 'expected a finite number, got NaN'],
    ['float', Number.POSITIVE_INFINITY, 'expected a finite number, got Infinity'],
    ['float', 1n, 'expected a finite number, got 1n'],
    ['string', 1, 'expected a string, got 1'],
    ['object', null, 'expected a JSON object, got null'],
    ['object', [1], 'expected a JSON object, got an array of 1'],
    ['object', 'x', 'expected a JSON object, got "x"'],
    ['object', new Float(1), 'expected a JSON object, got 1.0'],
    ['object', new Uint8Array(1), 'expected a JSON object, got an object of class Uint8Array'],
    ['array', { length: 1 }, 'expected an array, got an object'],
    ['stream', [1, 2], 'expected bytes, got an array of 2'],
    ['stream', new ArrayBuffer(1), 'expected bytes, got an object of class ArrayBuffer'],
    ['optional', () => 1, 'expected a JSON value, got function'],
    ['any', () => 1, 'expected a JSON value, got function'],
    ['any', undefined, 'expected a JSON value, got undefined'],
    ['error', new Error('x'), 'expected a string, got an object of class Error'],
    ['encoded', 'x', 'expected bytes, got "x"'],
    ['remoteReference', { network_id: 'n', actor_id: 1, port: 'p' }, 'expected an object of network_id'],
    [
      'remoteReference',
      { network_id: 'n', actor_id: 'a', __proto__: hostile },
      'expected a value that can be read',
    ],
    ['networkEvent', { event_type: 'Party', data: 1 }, 'expected an object of data and event_type'],
    ['from', undefined, 'expected a JSON value, got undefined'],
    ['from', () => 1, 'expected a JSON value, got function'],
    ['from', Symbol('x'), 'expected a JSON value, got Symbol(x)'],
  ];
  for (const [method, data, text] of wrong) {
    test(`Message.${method} refuses data: ${text}`, async () => {
      const error = await raises(() => (Message[method] as (data: unknown) => unknown)(data), {
        code: 'INVALID_MESSAGE',
        message: text,
      });
      ok(error.message.startsWith(`Message.${method}: `), error.message);
    });
  }
});
