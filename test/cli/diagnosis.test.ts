import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { customSection, text, WASM_MAGIC } from '../../abi/encode.ts';
import { is, match } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import { trappingModule } from '../src/trapping.ts';
import { inFolder, plugboard } from './spawn.ts';

/** Writes a plugin and runs a command on it. Returns stderr. */
const told = (wasm: Uint8Array, command: string[], env: Record<string, string> = {}): Promise<string> =>
  inFolder(async folder => {
    writeFileSync(join(folder, 'plugin.wasm'), wasm);
    const { stderr, code } = await plugboard(folder, command, { stdin: '{"in":{"type":"Flow"}}\n', env });
    is(code, 1, stderr);
    return stderr;
  });

const trapping = trappingModule([
  { export: 'process', body: ['call inner'], name: 'outer_fn' },
  { export: 'inner', body: ['unreachable'], name: 'inner_\u001b[31mfn' },
]);
const COMPONENT = Uint8Array.from([...WASM_MAGIC, 13, 0, 1, 0]);
const GO = customSection('producers', [
  1,
  ...text('processed-by'),
  1,
  ...text('Go cmd/compile'),
  ...text('1'),
]);
const go = Uint8Array.from([...buildModule({ functions: [{ name: '_start', body: [] }] }), ...GO]);
/** The switches that turn WebAssembly off in Node, Deno and Bun. */
const WITHOUT_WASM = { NODE_OPTIONS: '--jitless', DENO_V8_FLAGS: '--jitless', BUN_JSC_useWasm: '0' };

suite('command line: diagnosis', test => {
  const commands: [name: string, args: string[]][] = [
    ['call', ['call', 'plugin.wasm', 'process']],
    ['call with a limit', ['call', 'plugin.wasm', 'process', '--memory-max', '10']],
    ['run', ['run', 'plugin.wasm']],
  ];
  for (const [name, args] of commands) {
    test(`${name}: a trap is told in the words of the specification`, async () => {
      const stderr = await told(trapping, args);
      match(stderr, /TRAP: process: the plugin trapped: unreachable\n/);
    });

    test(`${name}: the functions of a trap stand on lines of their own, without control characters`, async () =>
      match(await told(trapping, args), /unreachable\n {2}at inner_\\u001b\[31mfn\n {2}at outer_fn\n/));

    test(`${name}: a component is called one`, async () =>
      match(
        await told(COMPONENT, args),
        /INVALID_WASM: module "main": it is a component \(WASI 0\.2 or later\)/,
      ));

    test(`${name}: a Go module without the export is told about //go:wasmexport`, async () =>
      match(
        await told(go, args),
        /FUNCTION_NOT_FOUND: Function not found: process .*\/\/go:wasmexport, not \/\/export/,
      ));

    test(`${name}: an engine without WebAssembly is told in one sentence`, async () =>
      match(
        await told(trapping, args, WITHOUT_WASM),
        /^(Warning: .*\n)?plugboard: UNSUPPORTED: createPlugin: this engine has no WebAssembly.*\n$/,
      ));
  }

  test('inspect: an engine without WebAssembly is told in one sentence', async () =>
    match(
      await told(trapping, ['inspect', 'plugin.wasm'], WITHOUT_WASM),
      /^(Warning: .*\n)?plugboard: UNSUPPORTED: inspect: this engine has no WebAssembly.*\n$/,
    ));
});
