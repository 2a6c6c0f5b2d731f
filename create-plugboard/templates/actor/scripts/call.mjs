// A call of `npm run dev`: the actor gets each line of messages.jsonl. It stays between calls, and with it the state.
import { readFileSync } from 'node:fs';
import { readPacket, ScriptActor, writePacket } from 'plugboard/actor';

let actor;

export async function call(source) {
  if (actor) await actor.reload(source);
  else actor = await ScriptActor.create({ source });
  const lines = readFileSync('messages.jsonl', 'utf8').split('\n');
  for (const line of lines.filter(line => line.trim() !== '')) {
    try {
      for (const packet of await actor.process(readPacket(line))) console.log(writePacket(packet));
    } catch (error) {
      console.error(`${line}: ${error.message}`);
    }
  }
  console.log(`state: ${JSON.stringify(actor.state)}`);
}
