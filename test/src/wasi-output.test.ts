import { createPlugin } from '../../src/create.ts';
import type { PluginOptions } from '../../src/node.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';

/** Writes "+" and a line feed to descriptor 1, then to 2. */
const write = (descriptor: number) => [
  ...['i32.const 0', 'i32.const 16', 'i32.store8 0'],
  ...['i32.const 4', 'i32.const 2', 'i32.store8 0'],
  ...['i32.const 16', 'i32.const 43', 'i32.store8 0'],
  ...['i32.const 17', 'i32.const 10', 'i32.store8 0'],
  ...[`i32.const ${descriptor}`, 'i32.const 0', 'i32.const 1', 'i32.const 32', 'call 0', 'drop'],
];
const WASM = buildModule({
  imports: [
    {
      module: 'wasi_snapshot_preview1',
      name: 'fd_write',
      params: ['i32', 'i32', 'i32', 'i32'],
      results: ['i32'],
    },
  ],
  memoryPages: 1,
  functions: [{ name: 'run', body: [...write(1), ...write(2)] }],
});

suite('WASI output', test => {
  const cases: [name: string, options: PluginOptions, byDefault: boolean | undefined, prints: boolean][] = [
    ['is not printed', {}, undefined, false],
    ['is printed where the option says so', { enableWasiOutput: true }, undefined, true],
    ['is printed where the platform does', {}, true, true],
    ['is not printed where the option says no', { enableWasiOutput: false }, true, false],
  ];
  for (const [name, options, byDefault, prints] of cases) {
    test(`${name}, and the caller gets it in any case`, async () => {
      const printed: string[] = [];
      const got: string[] = [];
      const platform = {
        ...webPlatform,
        print: {
          out: (line: string) => printed.push(`out ${line}`),
          err: (line: string) => printed.push(`err ${line}`),
        },
        ...(byDefault !== undefined && { printsWasiOutput: () => byDefault }),
      };
      const plugin = await createPlugin(platform, WASM, {
        ...options,
        stdout: line => got.push(`out ${line}`),
        stderr: line => got.push(`err ${line}`),
      });
      await plugin.call('run');
      equal(got, ['out +', 'err +']);
      equal(printed, prints ? got : []);
    });
  }
});
