// One plugin, without and with a configuration.
let plugin = await createPlugin('fixtures/vowels/vowels.wasm', {
  useWasi: true,
});

let out = await plugin.call('count_vowels', 'Yellow, World!');
console.log(out.text()); // {"count": 3, "total": 3, "vowels": "aeiouAEIOU"}

plugin = await createPlugin('fixtures/vowels/vowels.wasm', {
  useWasi: true,
  config: { vowels: 'aeiouyAEIOUY' },
});

out = await plugin.call('count_vowels', 'Yellow, World!');
console.log(out.text()); // {"count": 4, "total": 4, "vowels": "aeiouyAEIOUY"}
