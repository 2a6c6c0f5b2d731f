// A plugin that keeps its total in a slow store of the host.
const kvStore = new Map();
const later = value => new Promise(resolve => setTimeout(resolve, 1, value));

const plugin = await createPlugin('fixtures/kv-store/kv_store.wasm', {
  useWasi: true,
  runInWorker: true,
  functions: {
    'extism:host/user': {
      async kv_read(cp, offs) {
        const key = cp.read(offs).text();
        const value = await later(kvStore.get(key) ?? new Uint8Array([0, 0, 0, 0]));
        console.log(`read ${value[0]} from ${key}`);
        return cp.store(value);
      },
      async kv_write(cp, kOffs, vOffs) {
        const key = cp.read(kOffs).text();
        const value = cp.read(vOffs);
        console.log(`write ${value.getUint32(0, true)} to ${key}`);
        kvStore.set(key, await later(value.bytes()));
      },
    },
  },
});

let out = await plugin.call('count_vowels', 'Hello World!');
console.log(out.text()); // read 0 from count-vowels write 3 to count-vowels {"count": 3, "total": 3, "vowels": "aeiouAEIOU"}

out = await plugin.call('count_vowels', 'Hello World!');
console.log(out.text()); // read 3 from count-vowels write 6 to count-vowels {"count": 3, "total": 6, "vowels": "aeiouAEIOU"}

await plugin.close();
