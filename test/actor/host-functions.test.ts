import { Kernel } from '../../abi/index.ts';
import { HOST_FUNCTIONS, LiveCall } from '../../src/actor/engine/host-functions.ts';
import { Message } from '../../src/actor/message/message.ts';
import type { StateMap } from '../../src/actor/state/state-store.ts';
import { CallContext } from '../../src/host/context.ts';
import { OutputCopier } from '../../src/values/output.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const { __send_output, __get_state, __set_state } = HOST_FUNCTIONS;

function call(limits = { inputBytes: 1000, outputBytes: 100_000, packets: 3 }) {
  const state: StateMap = new Map();
  const live = new LiveCall(state, [], limits);
  return { live, state, context: contextOf(live) };
}

function contextOf(hostContext?: LiveCall): CallContext {
  const kernel = new Kernel({ maxVarBytes: 0 });
  const owner: { context: CallContext | null } = { context: null };
  owner.context = new CallContext(kernel, new OutputCopier(kernel.memory), hostContext, owner);
  return owner.context;
}

suite('actor host functions', test => {
  test('a missing key reads as the four bytes of null, never as handle 0', () => {
    const { live, context } = call();
    live.state.set('nothing', null);
    for (const key of ['missing', 'nothing', 'toString', '__proto__']) {
      is(context.read(__get_state(context, context.store(key)))?.text(), 'null', key);
    }
  });

  test('handle 0 is the empty key', () => {
    const { state, context } = call();
    __set_state(context, 0n, context.store('1.0'));
    equal([...state.keys()], ['']);
    is(context.read(__get_state(context, 0n))?.text(), '1.0');
  });

  test('the last write of a key wins, and null is a value', () => {
    const { live, state, context } = call();
    const key = context.store('__proto__');
    __set_state(context, key, context.store(' {"a" : 1} '));
    equal(live.state.get('__proto__'), { a: 1 });
    __set_state(context, key, context.store('null'));
    equal([...state], [['__proto__', null]]);
  });

  test('each call of __send_output adds one packet, which may be empty', () => {
    const { live, context } = call();
    __send_output(context, context.store('{"a":1,"__proto__":1.0}'));
    __send_output(context, context.store('{}'));
    equal(live.packets, [{ a: Message.integer(1), ['__proto__']: Message.float(1) }, {}]);
  });

  const bytes = (...list: number[]) => Uint8Array.from(list);
  const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const sent: [name: string, packet: string | Uint8Array, code: string, message: string][] = [
    [
      'no JSON',
      'hello',
      'JSON_SYNTAX',
      '__send_output: the packet is not valid JSON: expected a value, got "h" at byte 0',
    ],
    [
      'no object',
      '[1]',
      'INVALID_PACKET',
      '__send_output: expected a JSON object of port → value, got an array of 1',
    ],
    ['null', 'null', 'INVALID_PACKET', 'got null'],
    ['a float', '1.0', 'INVALID_PACKET', 'got 1.0'],
    [
      'no UTF-8',
      bytes(0x22, 0xff),
      'INVALID_UTF8',
      '__send_output: the packet is not UTF-8: invalid byte sequence at byte 1',
    ],
    ['an infinite number', '{"a":1e400}', 'JSON_RANGE', 'beyond the range of a 64-bit float at byte 5'],
    ['a value that is too deep for a payload', `{"a":${deep(125)}}`, 'JSON_DEPTH', 'nested deeper than 125'],
  ];
  for (const [name, packet, code, message] of sent) {
    test.row(`error.${code}`, `__send_output refuses ${name}`, async () => {
      const { live, context } = call();
      await raises(() => __send_output(context, context.store(packet)), { code, message });
      equal(live.packets, []);
    });
  }

  const written: [name: string, key: string | Uint8Array, value: string, code: string, message: string][] = [
    ['a value that is not JSON', 'k', '{', 'JSON_SYNTAX', '__set_state: the value of "k" is not valid JSON'],
    ['a key that is not UTF-8', bytes(0xff), '1', 'INVALID_UTF8', '__set_state: the key is not UTF-8'],
    ['a value that is too deep for a context', 'k', deep(126), 'JSON_DEPTH', 'nested deeper than 125'],
  ];
  for (const [name, key, value, code, message] of written) {
    test.row(`error.${code}`, `__set_state refuses ${name}`, async () => {
      const { state, context } = call();
      await raises(() => __set_state(context, context.store(key), context.store(value)), { code, message });
      is(state.size, 0);
    });
  }

  test('handles that are not of a live block are refused', async () => {
    const { live, state, context } = call();
    const block = context.store('block');
    await raises(() => __get_state(context, block + 8n), {
      code: 'INVALID_HANDLE',
      message: `__get_state: the key: ${block + 8n} is not the handle of a live block`,
    });
    await raises(() => __set_state(context, block, 2n ** 64n - 1n), { code: 'INVALID_HANDLE' });
    await raises(() => __set_state(context, block, 0n), {
      code: 'JSON_SYNTAX',
      message: 'the end of the text at byte 0',
    });
    await raises(() => __send_output(context, 0n), {
      code: 'JSON_SYNTAX',
      message: 'the end of the text at byte 0',
    });
    equal([state.size, live.packets.length], [0, 0]);
  });

  test.row(['error.PACKET_LIMIT', 'limit.packets'], 'a packet over the limit is refused', async () => {
    const { live, context } = call();
    const packet = context.store('{}');
    for (let sent = 0; sent < 3; sent++) __send_output(context, packet);
    const message = '__send_output: 4 packets in this call, over the limit of 3 (limits.packets)';
    await raises(() => __send_output(context, packet), { code: 'PACKET_LIMIT', message });
    is(live.packets.length, 3);
  });

  test.row(
    ['error.OUTPUT_LIMIT', 'limit.outputBytes'],
    'bytes over the limit are refused, and keys are counted',
    async () => {
      const { state, context } = call({ inputBytes: 0, outputBytes: 20, packets: 9 });
      const [key, value] = [context.store('k'), context.store('123456789')];
      __set_state(context, key, value);
      __set_state(context, key, value);
      const message = '__set_state: 21 bytes in this call, over the limit of 20 (limits.outputBytes)';
      await raises(() => __set_state(context, key, value), { code: 'OUTPUT_LIMIT', message });
      await raises(() => __send_output(context, value), { code: 'OUTPUT_LIMIT', message: '30 bytes' });
      equal([...state], [['k', 123456789]]);
    },
  );

  test('a byte order mark is part of a key', () => {
    const { state, context } = call();
    __set_state(context, context.store('\ufeffk'), context.store('1'));
    equal([...state.keys()], ['\ufeffk']);
  });

  test.row('error.NOT_PROCESSING', 'outside a message all host functions fail', async () => {
    const context = contextOf();
    const key = context.store('k');
    const expected = { code: 'NOT_PROCESSING', message: ': no message is being processed' };
    await raises(() => __get_state(context, key), expected);
    await raises(() => __set_state(context, key, key), expected);
    await raises(() => __send_output(context, key), expected);
  });
});
