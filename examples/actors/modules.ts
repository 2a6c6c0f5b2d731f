// Modules: validated before the first message, kept by name, and swapped between two messages with the state kept.
import { fileURLToPath } from 'node:url';
import { Message, type ModuleError, ModuleLoader, writeJson, writePacket } from 'plugboard/actor';

const path = (name: string) => fileURLToPath(new URL(`../../../fixtures/${name}`, import.meta.url));
const loader = new ModuleLoader();

const { metadata, sha256 } = await loader.load('counter', path('rust-counter/rust_counter.wasm'));
console.log(`${metadata?.component}: ${metadata?.inports.map(({ name }) => name).join(', ')}`);

const actor = await loader.createActor('counter', { state: { count: 41 } });
const send = async () => {
  for (const packet of await actor.process({ increment: Message.flow() })) console.log(writePacket(packet));
};
await send();

// No actor: all go on with the old module.
await loader.reload('counter', path('vowels/vowels.wasm')).catch((error: ModuleError) => {
  console.log(`${error.kind}: ${error.message}`);
});
await send();

// It has other ports, and the same state. Bytes other than those that were meant are refused.
await loader.reload('counter', path('rust-keeper/rust_keeper.wasm'));
await send();
console.log(`state ${writeJson(actor.state)}`);
await loader
  .load('counter', path('rust-keeper/rust_keeper.wasm'), { sha256: sha256 ?? '' })
  .catch((error: Error & { code: string }) => console.log(error.code));
await actor.stop();
