// Output: an actor as a loop. What a plugin sends with __send_output comes before the result of the same call.
import { readFile } from 'node:fs/promises';
import { Message, ScriptActor, writePacket } from 'plugboard/actor';

const source = await readFile(new URL('../../../fixtures/go-counter/go_counter.wasm', import.meta.url));
const actor = await ScriptActor.create({ source }, { capacity: 16 });

actor.start();
const sending = (async () => {
  for (const operation of ['increment', 'double', 'reset']) {
    // Waits while 16 packets are in the queue.
    await actor.inports.send({ operation: Message.string(operation) });
  }
  await actor.stop();
})();
for await (const packet of actor.outports) console.log(writePacket(packet));
await sending;
