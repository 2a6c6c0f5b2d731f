// The seed's counter, compiled from Rust and from Go, takes messages, keeps state and sends packets.
import { readFile } from 'node:fs/promises';
import {
  type JsonObject,
  Message,
  type Packet,
  ScriptActor,
  ScriptEnvironment,
  ScriptRuntime,
  writeJson,
  writePacket,
} from 'plugboard/actor';

async function run(file: string, config: JsonObject, messages: Packet[]): Promise<void> {
  const actor = await ScriptActor.create(
    {
      environment: ScriptEnvironment.SYSTEM,
      runtime: ScriptRuntime.Extism,
      source: await readFile(new URL(`../../fixtures/${file}`, import.meta.url)),
      entry_point: 'process',
      packages: null,
    },
    { config },
  );
  const { component, description } = await actor.metadata();
  console.log(`\n${component}: ${description}, config ${writeJson(config)}`);

  for (const message of messages) {
    console.log(`\nsend ${writePacket(message)}`);
    for (const packet of await actor.process(message)) console.log(writePacket(packet));
    console.log(`state ${writeJson(actor.state)}`);
  }
  await actor.stop();
}

// A port for each operation. The first count comes from the config.
await run('rust-counter/rust_counter.wasm', { initial_value: 10 }, [
  { increment: Message.flow() },
  { increment: Message.flow() },
  { decrement: Message.flow() },
  { reset: Message.flow() },
]);

// One port, which takes the operation's name. A packet sent during the call comes before the result.
await run('go-counter/go_counter.wasm', {}, [
  { operation: Message.string('increment') },
  { operation: Message.string('double') },
  { operation: Message.string('decrement') },
  { operation: Message.string('reset') },
]);
