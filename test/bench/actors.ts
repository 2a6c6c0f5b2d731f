import { type Packet, readPacket, ScriptActor } from '../../src/actor/node.ts';
import { nodeHost } from '../helpers/node.ts';
import { runWorkload, type Subject, type Workload } from './measure.ts';

// How many messages does an actor process, and how much memory do many actors take? The peer is a loop over the official
// JS SDK with the same plugin and host functions. It does the work of an actor: write the context, call, read the result,
// keep the state.

interface PeerOutput {
  text(): string;
}
interface Peer {
  call(name: string, input: string): Promise<PeerOutput | null>;
  close(): Promise<void>;
}
interface PeerContext {
  read(handle: bigint): PeerOutput | null;
  store(text: string): bigint;
}
type CreatePeer = (manifest: { wasm: { data: Uint8Array }[] }, options: object) => Promise<Peer>;
const peerModule = new URL('../../../test/bench/peer.mjs', import.meta.url).href;
const { createPlugin: createPeer } = (await import(peerModule)) as { createPlugin: CreatePeer };

// Returns its messages and its state. Each message carries the state to the plugin and back.
const plugin = nodeHost.readBytes('fixtures/rust-keeper/rust_keeper.wasm');
const state = { count: 7, label: 'a counter' };
const config = { initial_value: 10 };

/** A message whose data has `characters` characters. */
const textOf = (characters: number) =>
  JSON.stringify({ in: { type: 'String', data: 'x'.repeat(characters) } });

/** The loop that a program with the JS SDK needs instead of an actor. */
async function createLoop() {
  let kept: Record<string, unknown> = { ...state };
  const functions = {
    __send_output: () => {},
    __get_state: (context: PeerContext, key: bigint) =>
      context.store(JSON.stringify(kept[context.read(key)!.text()] ?? null)),
    __set_state: (context: PeerContext, key: bigint, value: bigint) => {
      kept[context.read(key)!.text()] = JSON.parse(context.read(value)!.text());
    },
  };
  const peer = await createPeer(
    { wasm: [{ data: plugin }] },
    { useWasi: false, functions: { 'extism:host/user': functions } },
  );
  const node = { node_id: 'actor', component: 'actor', resolved_env: {}, config, namespace: null };
  const process = async (payload: object) => {
    const output = await peer.call('process', JSON.stringify({ payload, config: node, state: kept }));
    const result = JSON.parse(output!.text()) as { outputs: object; state: Record<string, unknown> };
    kept = result.state;
    return [result.outputs];
  };
  return { process, close: () => peer.close() };
}

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
