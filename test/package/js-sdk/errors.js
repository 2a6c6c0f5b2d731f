// A plugin that fails throws an error, and works again afterwards.
const plugin = await createPlugin('fixtures/vowels/vowels.wasm', { useWasi: true });

try {
  await plugin.call('fail', 'no vowels in it');
} catch (err) {
  console.log(err instanceof Error, err.message.endsWith('no vowels in it')); // true true
}

try {
  await plugin.call('count_consonants', 'Hello, World!');
} catch (err) {
  console.log(err.message.includes('count_consonants')); // true
}

console.log((await plugin.call('count_vowels', 'Hello, World!')).text()); // {"count": 3, "total": 3, "vowels": "aeiouAEIOU"}
await plugin.close();
