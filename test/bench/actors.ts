import { type Packet, readPacket, ScriptActor } from '../../src/actor/node.ts';
import { config, createLoop, plugin, state, textOf } from './js-sdk-loop.ts';
import { runWorkload, type Subject, type Workload } from './measure.ts';

// How many messages does an actor process, and how much memory do many actors take? The peer is a loop over the official
// JS SDK.

const createActor = () => ScriptActor.create({ source: plugin }, { config, state, stderr: () => {} });

interface Actor<Payload> {
  process(payload: Payload): Promise<unknown>;
}

/** `count` actors or loops. Each gets the message once a run. Also measures the memory of one of them. */
function subject<Payload>(
  name: string,
  count: number,
  create: () => Promise<Actor<Payload>>,
  payload: Payload,
): Subject {
  const make = async () => {
    const beforeBytes = process.memoryUsage().rss;
    const actors: Actor<Payload>[] = [];
    for (let index = 0; index < count; index++) actors.push(await create());
    const run = () => Promise.all(actors.map(actor => actor.process(payload)));
    await run();
    const memoryKib = (process.memoryUsage().rss - beforeBytes) / count / 1024;
    return count > 1 ? { run, memoryKib } : run;
  };
  return { name, make };
}

function workload(name: string, count: number, characters: number): Workload {
  const text = textOf(characters);
  const packet: Packet = readPacket(text);
  const subjects = [
    subject('actor', count, createActor, packet),
    subject('js-sdk', count, createLoop, JSON.parse(text) as object),
  ];
  return { name, subjects };
}

await runWorkload([
  workload('150 B', 1, 120),
  workload('64 KiB', 1, 65_536),
  workload('10 actors, 150 B', 10, 120),
  workload('100 actors, 150 B', 100, 120),
  workload('1,000 actors, 150 B', 1000, 120),
]);
