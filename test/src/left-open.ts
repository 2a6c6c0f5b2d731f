import { createPlugin } from '../../src/node.ts';
import { buildModule } from '../helpers/build-module.ts';

// A program that leaves a plugin open in a worker. It must end when the call has ended, not before.
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
console.log('done');
