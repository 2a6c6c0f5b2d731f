import { type CallError, createPlugin } from '../../src/node.ts';
import { buildModule } from '../helpers/build-module.ts';

// A program for a process that may not start workers. A time limit is then kept by checks, and a worker asked for is refused.
const wasm = buildModule({ functions: [{ name: 'run', body: ['loop', 'br 0', 'end'] }] });
const plugin = await createPlugin(wasm, { timeoutMs: 50 });
console.log(plugin.report.modules[0]?.transforms.map(({ name }) => name).join());
console.log(await plugin.call('run').catch((error: CallError) => error.code));
await createPlugin(wasm, { runInWorker: true }).catch((error: Error) => console.log(error.message));
