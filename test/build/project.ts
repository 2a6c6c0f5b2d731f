import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { host } from '../helpers/host.ts';

export const VOWELS = 'fixtures/vowels/vowels.wasm';
export const COUNTER = 'fixtures/rust-counter/rust_counter.wasm';
const SCHEMA = `
version: v1-draft
exports:
  count_vowels:
    input: { type: string, contentType: text/plain; charset=utf-8 }
    output: { type: object, contentType: application/json }
`;
const APP = `
import vowels, { source } from './vowels.wasm?plugboard';
import counter from './counter.wasm?plugboard';
export { source };
export async function main() {
  const { exports, close } = await vowels();
  const { count } = await exports.count_vowels('hello');
  await close();
  const actor = await counter({ config: { initial_value: 5 } });
  const [packet] = await actor.process({ increment: { type: 'Flow', data: null } });
  await actor.stop();
  return [count, packet.count.data];
}
`;

/** Runs `body` with a new folder, which is removed afterwards. */
export async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'plugboard-build-')));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `body` with a folder that has the app, two plugins, and plugboard and the named packages of this repository. */
export const inProject = <T>(
  body: (folder: string) => Promise<T>,
  packages: readonly string[] = [],
): Promise<T> =>
  inFolder(folder => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(host().path('.'), join(folder, 'node_modules/plugboard'), 'junction');
    for (const name of packages) {
      symlinkSync(host().path(`node_modules/${name}`), join(folder, 'node_modules', name), 'junction');
    }
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'vowels.wasm'), host().readBytes(VOWELS));
    writeFileSync(join(folder, 'vowels.xtp.yaml'), SCHEMA);
    writeFileSync(join(folder, 'counter.wasm'), host().readBytes(COUNTER));
    writeFileSync(join(folder, 'app.js'), APP);
    return body(folder);
  });

/** Writes a file of plugboard with its worker, and an app's file with a worker of the same name before it. */
export function writeWorkerFiles(folder: string): { lib: string; names: string[] } {
  const lib = join(folder, 'node_modules/lib/dist/lib');
  mkdirSync(lib, { recursive: true });
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'node_modules/lib/package.json'), '{"name":"plugboard"}');
  const code = `new Worker(new URL('./worker-web.js', import.meta.url));`;
  writeFileSync(join(lib, 'start.js'), code);
  writeFileSync(join(lib, 'worker-web.js'), '// the worker');
  writeFileSync(join(folder, 'src/first.js'), '');
  writeFileSync(join(folder, 'src/worker-web.js'), '// of the app');
  const start = JSON.stringify(join(lib, 'start.js'));
  writeFileSync(join(folder, 'app.js'), `import './src/first.js';\nimport ${start};`);
  return { lib, names: [join(folder, 'src/first.js'), join(lib, 'start.js')] };
}
