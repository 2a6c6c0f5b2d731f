import { type OptionTable, oneOf, readOptions, refuseExtra } from '../../wasi/options.ts';
import { refuseOption } from '../given/option-keys.ts';
import { readRecording } from './read.ts';
import { shown } from './values.ts';

export interface EmitTestOptions {
  /** The test runner. Default: `node`. */
  runner?: 'node' | 'vitest' | undefined;
}

export const EMIT_TEST_OPTIONS: OptionTable<EmitTestOptions> = {
  of: 'emitTest(recording, options)',
  rows: { runner: { ...oneOf(['node', 'vitest']), default: 'node' } },
};

const decoder = new TextDecoder();

/**
 * Writes a test in one file that replays a recording, for `node --test` or vitest. The test of a call that failed passes once a build
 * does not fail: give that build in the line `const wasm`.
 * @throws {PlugboardError} INVALID_RECORDING @throws {CreateError} INVALID_OPTION
 * @experimental
 */
export function emitTest(recording: string | Uint8Array, options?: EmitTestOptions): string;
export function emitTest(
  recording: string | Uint8Array,
  options?: EmitTestOptions,
  ...extra: unknown[]
): string {
  refuseExtra(extra, 'emitTest', refuseOption);
  const { runner = 'node' } = readOptions(EMIT_TEST_OPTIONS, options, 'emitTest', refuseOption);
  const { calls } = readRecording(recording);
  const text = typeof recording === 'string' ? recording : decoder.decode(recording);
  const last = calls.at(-1);
  const error = last?.error;
  const name = last?.export ?? 'start of an instance';
  // JSON, in which a line may end only between tokens: a template or a comment could be ended by a text of the recording.
  const literal = JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  const title = error ? `${name} does not fail` : `${name} does as recorded`;
  const comment = error
    ? comments(`The recorded call failed with ${error.code}: ${shown(error.message)}`)
    : [];
  return [
    '// Written by `plugboard replay --emit-test`. It needs no network, clock, file or host function.',
    importOf('assert', 'node:assert/strict'),
    runner === 'node' ? importOf('test', 'node:test') : importOf('{ test }', 'vitest'),
    importOf('{ replay }', 'plugboard/audit'),
    '',
    ...comment,
    "// A new build: const wasm = readFileSync(new URL('./plugin.wasm', import.meta.url));",
    'const wasm = undefined;',
    `const recording = ${literal};`,
    '',
    `test(${JSON.stringify(title)}, async () => {`,
    `  const { calls, divergence${error ? '' : ', differences'} } = await replay(recording, { wasm });`,
    '  assert.equal(divergence, null);',
    ...(error
      ? ['  assert.equal(calls.at(-1).error, null);']
      : ['  assert.deepEqual(differences, []);', `  assert.equal(calls.length, ${calls.length});`]),
    '});',
    '',
  ].join('\n');
}

/** Lines of a comment. A text of the recording must not leave it. */
const comments = (text: string): string[] =>
  text
    .slice(0, 300)
    .split(/[\n\r\u2028\u2029]/)
    .map(line => `// ${line}`);

/** Written so that no bundler takes the text for an import of its own. */
const importOf = (names: string, module: string): string => `import ${names} from '${module}';`;
