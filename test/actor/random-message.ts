import { Float } from '../../src/actor/float.ts';
import type { JsonValue } from '../../src/actor/json/value.ts';
import { Message } from '../../src/actor/message/message.ts';
import type { Random } from '../helpers/random.ts';

export const KEYS = ['a', 'b', '__proto__', 'constructor', ''];

export function randomJson(random: Random, depth: number): JsonValue {
  const entries = () =>
    Array.from(
      { length: random.below(4) },
      () => [random.pick(KEYS), randomJson(random, depth - 1)] as const,
    );
  if (depth > 0 && random.below(2)) {
    return random.below(2) ? entries().map(([, value]) => value) : Object.fromEntries(entries());
  }
  const leaves: JsonValue[] = [
    null,
    true,
    false,
    0,
    -7,
    0.1,
    1e-7,
    'é🦀"\\\n',
    '',
    new Float(-0),
    new Float(1e300),
  ];
  return random.pick([...leaves, BigInt(random.u32()) << 31n, -(2n ** 63n), new Float(random.u32())]);
}

export function randomMessage(random: Random): Message {
  const json = randomJson(random, 3);
  return random.pick<Message>([
    Message.flow(),
    Message.event(json),
    Message.boolean(random.below(2) === 1),
    Message.integer(random.below(2) ? random.u32() : BigInt(random.u32()) << 31n),
    // Only floats with few digits: serde_json reads many others with an error of one unit in the last place.
    Message.float(random.pick([-0, 1, 0.1, 5e-324, 1.7976931348623157e308, random.u32() / 8])),
    Message.string(random.pick(['', 'flow', 'é🦀\u0000', 'x'.repeat(random.below(2000))])),
    Message.object({ json }),
    Message.array([json, json]),
    Message.stream(Uint8Array.from({ length: random.below(50) }, () => random.below(256))),
    Message.optional(json),
    Message.any(json),
    Message.error('only a message'),
  ]);
}
