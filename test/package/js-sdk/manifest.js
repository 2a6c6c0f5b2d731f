// A manifest with a hash, a name and an option, and separate options.
const manifest = {
  wasm: [
    {
      path: 'fixtures/vowels/vowels.wasm',
      hash: '55159518b9e0f854e76b1c7fd24368e91ff3c356191f6cf027edb35229b4fbfe',
      name: 'main',
    },
  ],
  allowedHosts: [],
};
const plugin = await createPlugin(manifest, {
  useWasi: true,
  config: { vowels: 'lo' },
  logLevel: 'warn',
  logger: {
    trace: text => console.log('trace', text),
    debug: text => console.log('debug', text),
    info: text => console.log('info', text),
    warn: text => console.log('warn', text),
    error: text => console.log('error', text),
  },
});
console.log((await plugin.call('count_vowels', 'Hello, World!')).json().count); // 5
await plugin.call('fail', 'logged').catch(() => {});
console.log('after what was logged'); // warn logged after what was logged
await plugin.close();

try {
  await createPlugin({ wasm: [{ ...manifest.wasm[0], hash: '00'.repeat(32) }] });
} catch (err) {
  console.log('refused', err instanceof Error); // refused true
}
