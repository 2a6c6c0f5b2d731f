import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { createPlugin } from 'plugboard';

const source = await readFile(new URL('../{{wasm}}', import.meta.url));

let plugin;
before(async () => {
  plugin = await createPlugin(source, { strict: true });
});
after(() => plugin.close());

test('counts the vowels of its input', async () => {
  assert.deepEqual((await plugin.call('count_vowels', 'Hello, World!')).json(), { count: 3 });
  assert.deepEqual((await plugin.call('count_vowels')).json(), { count: 0 });
});

test('counts the letters of its config instead', async () => {
  const other = await createPlugin(source, { config: { vowels: 'lŭ' }, strict: true });
  assert.deepEqual((await other.call('count_vowels', 'Hello, Wŭrld!')).json(), { count: 4 });
  await other.close();
});
