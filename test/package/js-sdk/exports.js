// The exports and imports of a plugin.
const plugin = await createPlugin('fixtures/vowels/vowels.wasm', { useWasi: true });

console.log(await plugin.functionExists('count_vowels'), await plugin.functionExists('count_consonants')); // true false
const exported = await plugin.getExports();
console.log(exported.map(({ name, kind }) => `${kind} ${name}`).sort()); // [ 'function count_vowels', 'function fail', 'memory memory' ]
const imported = await plugin.getImports();
console.log(imported.filter(({ name }) => name.startsWith('var_')).map(({ module }) => module)); // [ 'extism:host/env', 'extism:host/env' ]
console.log((await plugin.getInstance()).exports.memory instanceof WebAssembly.Memory, plugin.isActive()); // true false
console.log((await plugin.call('count_vowels', 'Hello, World!')).json().total); // 3
console.log(await plugin.reset()); // true
await plugin.close();
