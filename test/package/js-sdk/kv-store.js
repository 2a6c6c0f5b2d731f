// A plugin that keeps its total in the host, through two host functions.
const kvStore = new Map();

const options = {
  useWasi: true,
  functions: {
    'extism:host/user': {
      kv_read(cp, offs) {
        const key = cp.read(offs).text();
        const value = kvStore.get(key) ?? new Uint8Array([0, 0, 0, 0]);
        console.log(`read ${new DataView(value.buffer).getUint32(0, true)} from ${key}`);
        return cp.store(value);
      },
      kv_write(cp, kOffs, vOffs) {
        const key = cp.read(kOffs).text();
        const value = cp.read(vOffs);
        console.log(`write ${value.getUint32(0, true)} to ${key}`);
        kvStore.set(key, value.bytes());
      },
    },
  },
};

const plugin = await createPlugin('fixtures/kv-store/kv_store.wasm', options);

let out = await plugin.call('count_vowels', 'Hello World!');
console.log(out.text()); // read 0 from count-vowels write 3 to count-vowels {"count": 3, "total": 3, "vowels": "aeiouAEIOU"}

out = await plugin.call('count_vowels', 'Hello World!');
console.log(out.text()); // read 3 from count-vowels write 6 to count-vowels {"count": 3, "total": 6, "vowels": "aeiouAEIOU"}

console.log([...kvStore.keys()], kvStore.get('count-vowels')[0]); // [ 'count-vowels' ] 6
