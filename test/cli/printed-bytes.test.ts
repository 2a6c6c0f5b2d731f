import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { equal } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, start } from './spawn.ts';

/** Prints the bytes from address 16 on. */
const printer = buildModule({
  imports: [
    {
      module: 'wasi_snapshot_preview1',
      name: 'fd_write',
      params: ['i32', 'i32', 'i32', 'i32'],
      results: ['i32'],
    },
  ],
  memoryPages: 1,
  functions: [
    {
      name: 'run',
      body: [
        ...[0x70, 0x00, 0xff, 0x3e].flatMap((byte, at) => [
          `i32.const ${16 + at}`,
          `i32.const ${byte}`,
          'i32.store8 0',
        ]),
        ...['i32.const 0', 'i32.const 16', 'i32.store 0', 'i32.const 4', 'i32.const 4', 'i32.store 0'],
        ...['i32.const 1', 'i32.const 0', 'i32.const 1', 'i32.const 32', 'call 0', 'drop'],
        ...['i32.const 2', 'i32.const 0', 'i32.const 1', 'i32.const 32', 'call 0', 'drop'],
      ],
    },
  ],
});

suite('printed bytes', test => {
  test('the bytes of a plugin reach stdout and stderr unchanged, in order with the console', () =>
    inFolder(async folder => {
      const entry = pathToFileURL(host().path('dist/src/node.js')).href;
      writeFileSync(join(folder, 'plugin.wasm'), printer);
      writeFileSync(
        join(folder, 'program.mjs'),
        `import { createPlugin } from ${JSON.stringify(entry)};
        const plugin = await createPlugin('plugin.wasm', { enableWasiOutput: true });
        for (const line of ['a', 'b']) {
          await plugin.call('run');
          console.log(line);
        }
        await plugin.close();`,
      );
      const child = start(folder, [], {}, join(folder, 'program.mjs'));
      const [out, err] = [child.stdout, child.stderr].map(stream => {
        const parts: Buffer[] = [];
        stream!.on('data', (part: Buffer) => parts.push(part));
        return parts;
      });
      const code = await new Promise(done => child.on('close', done));
      equal(
        [code, Buffer.concat(out!).toString('latin1'), Buffer.concat(err!).toString('latin1')],
        [0, 'p\0\xff>a\np\0\xff>b\n', 'p\0\xff>p\0\xff>'],
      );
    }));
});
