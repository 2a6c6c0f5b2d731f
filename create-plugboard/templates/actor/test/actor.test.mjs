import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Message, ScriptActor } from 'plugboard/actor';

const source = await readFile(new URL('../{{wasm}}', import.meta.url));

test('adds each number to the total, which is its state', async () => {
  const actor = await ScriptActor.create({ source }, { config: { start: 100 }, strict: true });
  assert.deepEqual(await actor.process({ number: Message.integer(4) }), [{ total: Message.integer(104) }]);
  assert.deepEqual(await actor.process({ number: Message.integer(-5) }), [{ total: Message.integer(99) }]);
  assert.deepEqual(actor.state, { total: 99 });
  await actor.stop();
});

test('refuses another message, and keeps the state', async () => {
  const actor = await ScriptActor.create({ source }, { state: { total: 7 } });
  await assert.rejects(actor.process({ number: Message.string('x') }), /number: expected an Integer/);
  assert.deepEqual(actor.state, { total: 7 });
  await actor.stop();
});
