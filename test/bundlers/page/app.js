// An app for browsers. The plugins for esbuild and Vite make a typed wrapper of each import.
import counter from './counter.wasm?plugboard';
import vowels from './vowels.wasm?plugboard';

async function count(options) {
  const { exports, close } = await vowels(options);
  const { count } = await exports.count_vowels('hello');
  await close();
  return count;
}

async function increment() {
  const actor = await counter({ config: { initial_value: 5 } });
  const [packet] = await actor.process({ increment: { type: 'Flow', data: null } });
  await actor.stop();
  return packet.count.data;
}

export async function main() {
  return [await count(), await count({ runInWorker: true }), await increment()];
}
