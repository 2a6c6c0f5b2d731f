import { Message, type Packet, ScriptActor } from '../../src/actor/node.ts';
import { config, createLoop, plugin } from './js-sdk-loop.ts';
import { runWorkload, type Subject, type Workload } from './measure.ts';

// What does a message cost beside a large state of which it changes one key? The plugin gets the whole state with each message. It either
// sets the key, or returns the whole state. The peer is a loop over the official JS SDK.

const ROWS = 20;
/** A state of about so many bytes in so many keys, each with a list of records. */
function stateOf(bytes: number, keys: number): Record<string, unknown[]> {
  const text = 'x'.repeat(Math.max(0, Math.floor(bytes / keys / ROWS) - 40));
  const value = (key: number) =>
    Array.from({ length: ROWS }, (_, row) => ({ id: key * ROWS + row, price: row / 4, text }));
  return Object.fromEntries(Array.from({ length: keys }, (_, key) => [`key ${key}`, value(key)]));
}

const MESSAGES = {
  /** The plugin sets one key, and returns no state. */
  'sets a key': (n: number): object => ({ 'do:set': { type: 'Object', data: { n } } }),
  /** The plugin returns the state that it got. */
  'returned whole': (): object => ({ in: { type: 'Flow', data: null } }),
};

const options = { config, stderr: () => {}, limits: { inputBytes: 2 ** 27, outputBytes: 2 ** 27 } };

function subjectsOf(state: Record<string, unknown[]>, message: (n: number) => object): Subject[] {
  let n = 0;
  return [
    {
      name: 'actor',
      make: async () => {
        const actor = await ScriptActor.create({ source: plugin }, { ...options, state: state as never });
        return () => actor.process(packetOf(message(n++)));
      },
    },
    {
      name: 'js-sdk',
      make: async () => {
        const loop = await createLoop(state);
        return () => loop.process(message(n++));
      },
    },
  ];
}

function packetOf(message: object): Packet {
  const [[port, { type, data }]] = Object.entries(message) as [[string, { type: string; data: never }]];
  return { [port]: type === 'Flow' ? Message.flow() : Message.object(data) };
}

const SIZES: readonly [name: string, bytes: number, keys: number][] = [
  ['1 MB in 100 keys', 1e6, 100],
  ['10 MB in 100 keys', 1e7, 100],
  ['10 MB in 10,000 keys', 1e7, 10_000],
];

await runWorkload(
  SIZES.flatMap(([size, bytes, keys]): Workload[] =>
    Object.entries(MESSAGES).map(([way, message]) => ({
      name: `${size}, ${way}`,
      subjects: subjectsOf(stateOf(bytes, keys), message),
    })),
  ),
);
