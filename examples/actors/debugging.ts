// Debugging: events tell what an actor does, and what a plugin prints on stderr goes to a function, line by line.
import { readFile } from 'node:fs/promises';
import { type ActorEvent, Message, type ProcessError, ScriptActor } from 'plugboard/actor';

const source = await readFile(new URL('../../../fixtures/rust-keeper/rust_keeper.wasm', import.meta.url));
const onEvent = (event: ActorEvent) => {
  if (event.type === 'phase') console.log(event.phase);
  if (event.type === 'started') console.log(`call ${event.call}: ${event.payloadBytes} bytes`);
  if (event.type === 'packet') console.log(`call ${event.call}: sends to ${event.ports.join(', ')}`);
  if (event.type === 'state-changed') console.log(`call ${event.call}: changes ${event.keys.join(', ')}`);
  if (event.type === 'failed') console.log(`call ${event.call}: ${event.code}`);
};
const actor = await ScriptActor.create(
  { source },
  { onEvent, stderr: line => console.log(`stderr: ${line}`) },
);

await actor.process({ 'do:set': Message.object({ step: 1 }), in: Message.flow() });
await actor.process({ 'do:panic': Message.flow() }).catch(({ code, packets }: ProcessError) => {
  console.log(`${code}; packets sent before: ${packets.length}`);
});
await actor.stop();
