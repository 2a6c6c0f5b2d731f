// Message types: each goes to a plugin written in Rust and comes back as it went.
import { readFile } from 'node:fs/promises';
import { Float, Message, ScriptActor, writePacket } from 'plugboard/actor';

const source = await readFile(new URL('../../../fixtures/rust-keeper/rust_keeper.wasm', import.meta.url));
const actor = await ScriptActor.create({ source });

const messages = {
  flow: Message.flow(),
  event: Message.event({ name: 'tick' }),
  boolean: Message.boolean(true),
  integer: Message.integer(9007199254740993n),
  float: Message.float(1),
  string: Message.string('text 🦀'),
  object: Message.object({ whole: 1, float: new Float(1) }),
  array: Message.array([1, 'two', null]),
  stream: Message.stream(Uint8Array.of(0, 127, 255)),
  optional: Message.optional(),
  any: Message.any([0.5]),
  error: Message.error('only a message'),
};
for (const [port, message] of Object.entries(messages)) {
  const [packet] = await actor.process({ [port]: message });
  console.log(writePacket(packet ?? {}));
}
await actor.stop();
