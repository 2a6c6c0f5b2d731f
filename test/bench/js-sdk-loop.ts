import { nodeHost } from '../helpers/node.ts';

// A loop over the official JS SDK, with the same plugin and host functions as an actor. It does the work of an actor: write the
// context, call, read the result, keep the state.

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

/** Returns its messages and its state. Each message carries the state to the plugin and back. */
export const plugin = nodeHost.readBytes('fixtures/rust-keeper/rust_keeper.wasm');
export const state = { count: 7, label: 'a counter' };
export const config = { initial_value: 10 };

/** A message whose data has `characters` characters. */
export const textOf = (characters: number): string =>
  JSON.stringify({ in: { type: 'String', data: 'x'.repeat(characters) } });

/** The loop that a program with the JS SDK needs instead of an actor. */
export async function createLoop(first: object = state) {
  let kept: Record<string, unknown> = { ...first };
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
  const process = async (payload: object): Promise<object[]> => {
    const output = await peer.call('process', JSON.stringify({ payload, config: node, state: kept }));
    const result = JSON.parse(output!.text()) as { outputs: object; state: Record<string, unknown> };
    kept = result.state;
    return [result.outputs];
  };
  return { process, close: () => peer.close() };
}
