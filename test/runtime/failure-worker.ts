import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildModule } from '../helpers/build-module.ts';
import { bundle } from './bundle.ts';
import type { Check } from './report.ts';
import { root } from './root.ts';
import { start } from './start.ts';
import { configText, serveWorker } from './workerd.ts';

/** A plugin that doubles its one byte of input. The broken build traps for the byte 0. */
const build = (...check: string[]) =>
  buildModule({
    imports: [
      { module: 'extism:host/env', name: 'input_load_u8', params: ['i64'], results: ['i32'] },
      { module: 'extism:host/env', name: 'input_offset', results: ['i64'] },
      { module: 'extism:host/env', name: 'input_length', results: ['i64'] },
      { module: 'extism:host/env', name: 'output_set', params: ['i64', 'i64'] },
    ],
    functions: [
      {
        name: 'divide',
        body: [
          ...['i32.const 100', 'i64.const 0', 'call input_load_u8', ...check, 'i32.div_u', 'drop'],
          ...['call input_offset', 'call input_length', 'call output_set'],
        ],
      },
    ],
  });
const BROKEN = build();
const FIXED = build('i32.const 1', 'i32.or');

/** Below the repository, so that the emitted tests find the package by its name. */
const folder = join(root, 'dist/failure-worker');

/**
 * A failure at the edge becomes an offline test: recorded on workerd, replayed by this Node, written as a test, which fails for
 * the broken build and passes for a fixed one.
 */
export async function checkFailureOnWorkerd(program: string): Promise<Check[]> {
  mkdirSync(folder, { recursive: true });
  const path = (name: string) => join(folder, name);
  writeFileSync(path('broken.wasm'), BROKEN);
  writeFileSync(path('fixed.wasm'), FIXED);
  const script = await bundle(
    [
      "import { createPlugin } from './dist/src/web.js';",
      "import { createRecorder } from './dist/src/audit/index.js';",
      "import wasm from 'imported/broken.wasm';",
      'export default { fetch: async () => {',
      '  let failure;',
      '  const record = createRecorder({ onRecording: text => { failure = text; } });',
      '  const plugin = await createPlugin(wasm, { record });',
      '  for (const byte of [4, 0]) await plugin.call("divide", Uint8Array.of(byte)).catch(() => {});',
      '  await plugin.close();',
      '  return new Response(failure);',
      '} };',
    ].join('\n'),
  );
  writeFileSync(path('worker.js'), script);
  writeFileSync(
    path('config.capnp'),
    configText(
      [
        { name: 'worker.js', kind: 'esModule', file: 'worker.js' },
        { name: 'imported/broken.wasm', kind: 'wasm', file: 'broken.wasm' },
      ],
      '2026-10-01',
    ),
  );
  const recording = await serveWorker(program, path('config.capnp'), async origin =>
    (await fetch(origin)).text(),
  );
  writeFileSync(path('failure.pbrec'), recording);
  const cli = ['dist/lib/cli/main.js', 'replay', path('failure.pbrec')];
  const replays = async (wasm: string, ...more: string[]) =>
    start(process.execPath, [...cli, '--wasm', path(wasm), ...more]);
  const same = await replays('broken.wasm', '--emit-test', path('failure.test.mjs'));
  const other = await replays('fixed.wasm');
  const emitted = readFileSync(path('failure.test.mjs'), 'utf8');
  const outcomes: string[] = [];
  for (const wasm of ['broken.wasm', 'fixed.wasm']) {
    const line = `import { readFileSync } from 'node:fs';\nconst wasm = readFileSync(new URL('./${wasm}', import.meta.url));`;
    const test = path(`${wasm}.test.mjs`);
    writeFileSync(test, emitted.replace(/^const wasm = undefined;$/m, line));
    outcomes.push(
      `${wasm}: ${(await start(process.execPath, ['--test', test])).code === 0 ? 'passes' : 'fails'}`,
    );
  }
  rmSync(folder, { recursive: true });
  return [
    {
      name: 'a failure on workerd replays on the Node at hand',
      expected: 'exit code 0: the same: 2 of 2 calls',
      actual: `exit code ${same.code}: ${same.stdout.trim().split('\n').at(-1)}`,
    },
    {
      name: 'a fixed build differs from it',
      expected: 'exit code 1: not the same',
      actual: `exit code ${other.code}: ${other.stdout.trim().split('\n').at(-1)}`,
    },
    {
      name: 'the emitted test',
      expected: 'broken.wasm: fails\nfixed.wasm: passes',
      actual: outcomes.join('\n'),
    },
  ];
}
