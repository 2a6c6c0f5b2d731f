import { Float } from '../../src/actor/float.ts';
import { type Message, type Packet, ScriptActor } from '../../src/actor/index.ts';
import { writeJson } from '../../src/actor/json/writer.ts';
import { msgpack } from '../../src/msgpack/index.ts';
import { is, ok } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { randomMessage } from './random-message.ts';

type Text = (packet: Packet) => string;

/** Sorts the keys: Go writes the keys of a map in random order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || value instanceof Float) return value;
  const entries = Object.entries(value).map(([key, member]) => [key, sorted(member)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Turns each number into a float64 of Go's JSON: 1.0 and 1 become equal, -0 becomes 0, and digits beyond 2^53 are lost. */
function asFloats(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Float)
    return Number(value) || 0;
  if (Array.isArray(value)) return value.map(asFloats);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asFloats(member)]));
}

const exactly: Text = ({ in: message }) => writeJson(sorted({ ...message }));
const asGoHasThem: Text = ({ in: message }) => writeJson(sorted(asFloats({ ...message })));

/** Whether a float64 holds the data exactly. Go rounds larger Integers, whose digits are then no longer those that were sent. */
const fitsFloat = ({ type, data }: Message) => type !== 'Integer' || Number.isSafeInteger(Number(data));

const plugins: [name: string, file: string, text: Text, fits: (message: Message) => boolean][] = [
  ['Rust, JSON', 'rust-keeper/rust_keeper', exactly, () => true],
  ['Rust, MessagePack', 'rust-msgpack/rust_msgpack', exactly, () => true],
  ['Go, JSON', 'go-keeper/go_keeper', asGoHasThem, fitsFloat],
  ['Go, MessagePack', 'go-msgpack/go_msgpack', exactly, () => true],
  ['Go, JSON with UseNumber', 'go-actors/go_actors', exactly, () => true],
  ['TinyGo, JSON with UseNumber', 'tinygo-actors/tinygo_actors', exactly, () => true],
  ['TinyGo, MessagePack', 'tinygo-actors-msgpack/tinygo_actors_msgpack', exactly, () => true],
  ['AssemblyScript, JSON', 'assemblyscript-actors/assemblyscript_actors', exactly, () => true],
];

suite('any message comes back as it went', test => {
  for (const [name, file, text, fits] of plugins) {
    test(`from ${name}`, async () => {
      const source = host().readBytes(`fixtures/${file}.wasm`);
      const actor = await ScriptActor.create(
        { source },
        { config: { actor: 'echo' }, codec: msgpack, strict: true, stderr: () => {} },
      );
      const firstSeed = Date.now() & 0xffff_ffff;
      let sent = 0;
      for (let seed = firstSeed; seed < firstSeed + 200; seed++) {
        const message = randomMessage(new Random(seed));
        if (!fits(message)) continue;
        sent++;
        const packets = await actor.process({ in: message });
        is(packets.map(packet => text(packet)).join(), text({ in: message }), `seed ${seed}`);
      }
      ok(sent > 150, `${sent} messages`);
      await actor.stop();
    });
  }
});
