// Loads the entries as in jsdom, which has no TextEncoder and TextDecoder until a program sets them. Then makes a call.
const given = { TextEncoder, TextDecoder };
for (const name of ['TextEncoder', 'TextDecoder']) Reflect.deleteProperty(globalThis, name);
const { createPlugin } = await import('../../src/node.ts');
for (const entry of [
  'src/actor/node',
  'src/web',
  'abi/index',
  'wasi/index',
  'wasi/preview2/index',
  'src/msgpack/index',
])
  await import(`../../${entry}.js`);
console.log('loaded');
Object.assign(globalThis, given);
const { buildModule } = await import('../helpers/build-module.ts');
const plugin = await createPlugin(buildModule({ functions: [{ name: 'run', body: [] }] }));
await plugin.call('run', 'text');
console.log('called');
await plugin.close();

export {};
