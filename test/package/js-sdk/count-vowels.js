// Input and output of a call, and the values that a plugin keeps between calls.
const plugin = await createPlugin('fixtures/vowels/vowels.wasm', { useWasi: true });

let out = await plugin.call('count_vowels', 'Hello World');
console.log(out.text()); // {"count": 3, "total": 3, "vowels": "aeiouAEIOU"}

out = await plugin.call('count_vowels', 'Hello, World!');
console.log(out.json()); // { count: 3, total: 6, vowels: 'aeiouAEIOU' }

out = await plugin.call('count_vowels', new TextEncoder().encode('Hello, World!'));
console.log(out.string(), out.bytes().length, out.arrayBuffer().byteLength, out.getUint8(0)); // {"count": 3, "total": 9, "vowels": "aeiouAEIOU"} 48 48 123

await plugin.close();
