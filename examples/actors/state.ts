// State management: what a plugin sets while it runs, what it returns, and what is left after a call that fails.
import { readFile } from 'node:fs/promises';
import {
  MemoryState,
  Message,
  type Packet,
  type ProcessError,
  ScriptActor,
  writeJson,
} from 'plugboard/actor';

const source = await readFile(new URL('../../../fixtures/rust-keeper/rust_keeper.wasm', import.meta.url));
// __set_state for each key; then an error, if one is asked for.
const set: Packet = { 'do:set': Message.object({ step: 2 }) };
const fail: Packet = { ...set, 'do:fail': Message.string('no luck') };

for (const statePolicy of ['replace', 'merge', 'transactional'] as const) {
  const store = new MemoryState({ step: 1 });
  const actor = await ScriptActor.create({ source }, { state: store, statePolicy });
  await actor.process(fail).catch((error: ProcessError) => {
    console.log(`${statePolicy}: ${error.message}; state ${writeJson(store.snapshot())}`);
  });
  await actor.process(set);
  // Returned by the plugin: instead of all there is, or beside it.
  await actor.process({ 'do:state': Message.any({ other: true }) });
  console.log(`${statePolicy}: state ${writeJson(store.snapshot())}`);
  await actor.stop();
}
