import { createPlugin } from '../../src/node.ts';
import { buildModule } from '../helpers/build-module.ts';

// A program that leaves a plugin open in a worker, and keeps a worker. It must end when the call has ended, not before.
const wasm = buildModule({
  imports: [{ module: 'host', name: 'print' }],
  functions: [{ name: 'run', body: ['call 0'] }],
});
const print = async () => {
  await Promise.resolve();
  console.log('called');
};
const plugin = await createPlugin(wasm, { runInWorker: true, functions: { host: { print } } });
await plugin.call('run');
const closed = await createPlugin(wasm, {
  runInWorker: true,
  workers: { keep: 1 },
  functions: { host: { print() {} } },
});
await closed.call('run');
await closed.close();
console.log('done');
