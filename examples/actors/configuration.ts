// Configuration: a node of a graph, its variables of the environment, and the defaults of the plugin's config_schema.
import { readFile } from 'node:fs/promises';
import {
  Message,
  ScriptActor,
  ScriptEnvironment,
  ScriptRuntime,
  writeJson,
  writePacket,
} from 'plugboard/actor';

const folder = new URL('../../../fixtures/', import.meta.url);
const scriptConfig = (source: Uint8Array) => ({
  environment: ScriptEnvironment.SYSTEM,
  runtime: ScriptRuntime.Extism,
  source,
  entry_point: 'process',
  packages: null,
});

// What the plugin's getters answer for a key of the config, and for a variable.
const keeper = await readFile(new URL('rust-keeper/rust_keeper.wasm', folder));
const node = {
  id: 'greeter-1',
  component: 'Keeper',
  metadata: { retries: 3, env_vars: { GREETING: 'required', LANGUAGE: 'optional:en' } },
};
const actor = await ScriptActor.create(scriptConfig(keeper), { node, environment: { GREETING: 'hello' } });
for (const key of ['retries', 'GREETING', 'LANGUAGE']) {
  const [packet] = await actor.process({ 'do:config': Message.string(key) });
  console.log(`${key}: ${writeJson(packet?.config?.data)}`);
}
await actor.stop();

await ScriptActor.create(scriptConfig(keeper), { node }).catch((error: Error) => console.log(error.message));

// The schema of the counter says that counting starts at 0.
const counter = await readFile(new URL('rust-counter/rust_counter.wasm', folder));
for (const config of [{ initial_value: 10 }, {}]) {
  const counting = await ScriptActor.create(scriptConfig(counter), { config, configDefaults: true });
  for (const packet of await counting.process({ increment: Message.flow() }))
    console.log(writePacket(packet));
  await counting.stop();
}
