import { createPlugin as createOn } from '../../src/create.ts';
import type { CallError, Plugin, PluginOptions } from '../../src/node.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { createPlugin, suiteInModes } from '../helpers/modes.ts';
import { suite } from '../helpers/suite.ts';

/** Writes these bytes, and zeros up to `length`. */
const writeBytes = (descriptor: number, bytes: readonly number[], length = bytes.length) => [
  ...['i32.const 0', 'i32.const 48', 'i32.store8 0'],
  ...['i32.const 4', `i32.const ${length}`, 'i32.store 0'],
  ...bytes.flatMap((byte, at) => [`i32.const ${48 + at}`, `i32.const ${byte}`, 'i32.store8 0']),
  ...[`i32.const ${descriptor}`, 'i32.const 0', 'i32.const 1', 'i32.const 32', 'call 0', 'drop'],
];
/** Writes "+" and a line feed, or without `ends` only "+". */
const write = (descriptor: number, ends = true) => writeBytes(descriptor, ends ? [43, 10] : [43]);
const moduleOf = (functions: NonNullable<Parameters<typeof buildModule>[0]['functions']>) =>
  buildModule({
    imports: [
      {
        module: 'wasi_snapshot_preview1',
        name: 'fd_write',
        params: ['i32', 'i32', 'i32', 'i32'],
        results: ['i32'],
      },
    ],
    memoryPages: 1,
    functions,
  });
const WASM = moduleOf([
  { name: 'run', body: [...write(1), ...write(2)] },
  { name: 'unfinished', body: [...write(1, false), ...write(2, false)] },
  { name: 'trapped', body: [...write(1, false), ...write(2, false), 'unreachable'] },
  { name: 'fine', body: [] },
]);

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
      const plugin = await createOn(platform, WASM, {
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

suite('WASI output on a platform that prints bytes', test => {
  const outputs: [name: string, writes: (readonly [descriptor: number, ...bytes: number[]])[]][] = [
    ['without a line end', [[1, 43]]],
    ['with a line end', [[2, 43, 10]]],
    ['that is not UTF-8', [[1, 0xff, 0xfe, 0, 13, 10]]],
    [
      'of half a character at a time',
      [
        [1, 0xe2],
        [1, 0x82, 0xac],
      ],
    ],
    [
      'of both streams',
      [
        [2, 1],
        [1, 2],
        [2, 3],
      ],
    ],
    ['of a line of 24,000 bytes', [[1, ...Array<number>(24_000).fill(0)]]],
  ];
  for (const [name, writes] of outputs) {
    test(`output ${name} is printed unchanged and in order`, async () => {
      const printed: unknown[] = [];
      const line = () => ok(false, 'a line is printed');
      const bytes = (to: string, part: Uint8Array) => void printed.push([to === 'stdout' ? 1 : 2, ...part]);
      const platform = { ...webPlatform, print: { out: line, err: line, bytes } };
      const body = writes.flatMap(([to, ...given]) =>
        given.every(byte => byte === 0) ? writeBytes(to, [], given.length) : writeBytes(to, given),
      );
      const plugin = await createOn(platform, moduleOf([{ name: 'run', body }]), { enableWasiOutput: true });
      await plugin.call('run');
      await plugin.call('run');
      await plugin.close();
      equal(printed, [...writes, ...writes]);
    });
  }
});

suiteInModes('lines without their end', test => {
  for (const name of ['unfinished', 'trapped']) {
    test(`each is passed on once, before the call is over (${name})`, async () => {
      const seen: unknown[] = [];
      const plugin: Plugin = await createPlugin(WASM, {
        stdout: line => seen.push('stdout', line, plugin.isActive()),
        stderr: line => seen.push('stderr', line, plugin.isActive()),
      });
      const code = await plugin.call(name).then(
        () => null,
        error => (error as CallError).code,
      );
      is(code, name === 'trapped' ? 'TRAP' : null);
      await plugin.call('fine');
      equal(seen, ['stdout', '+', true, 'stderr', '+', true]);
    });
  }

  test('the error of a trap has the unfinished line of stderr', async () => {
    const plugin = await createPlugin(WASM);
    const error = await raises(() => plugin.call('trapped'), { code: 'TRAP' });
    equal((error as CallError).stderr, ['+']);
  });

  test('a callback that fails on such a line ends the call, but does not replace a trap', async () => {
    const failing = () => {
      throw new Error('no');
    };
    const plugin = await createPlugin(WASM, { stdout: failing });
    await raises(() => plugin.call('unfinished'), { code: 'HOST_FUNCTION_FAILED', message: 'option.stdout' });
    await raises(() => plugin.call('trapped'), { code: 'TRAP' });
    is(await plugin.call('fine'), null);
  });
});
