import { is, match } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const LOG = /^(plugboard: debug: .*\n){3,}$/;

const WASM = buildModule({ functions: [{ name: 'process', body: [] }] });

/** A program that calls a plugin, and sends a packet to an actor. `options` is the source of an object. */
const program = (options: string) => `
  import { createPlugin } from ${JSON.stringify(`file://${host().path('dist/src/node.js')}`)};
  import { ModuleLoader } from ${JSON.stringify(`file://${host().path('dist/src/actor/node.js')}`)};
  const source = Uint8Array.from([${WASM}]);
  const plugin = await createPlugin(source, ${options});
  await plugin.call('process');
  const loader = new ModuleLoader(${options});
  await loader.load('a', source);
  const actor = await loader.createActor('a');
  await actor.process({}).catch(() => {});
  await actor.stop();
`;

const cases: { name: string; env?: Record<string, string>; options?: string; stderr: RegExp }[] = [
  { name: 'PLUGBOARD_LOG=debug prints the log', env: { PLUGBOARD_LOG: 'debug' }, stderr: LOG },
  { name: 'RUST_LOG=reflow_script=debug', env: { RUST_LOG: 'reflow_script=debug' }, stderr: LOG },
  { name: 'RUST_LOG=warn,trace', env: { RUST_LOG: 'warn, trace' }, stderr: LOG },
  { name: 'RUST_LOG for other targets', env: { RUST_LOG: 'info,wasmtime=debug' }, stderr: /^$/ },
  {
    name: 'PLUGBOARD_LOG=off beside RUST_LOG',
    env: { PLUGBOARD_LOG: 'off', RUST_LOG: 'debug' },
    stderr: /^$/,
  },
  { name: 'no variable', stderr: /^$/ },
  { name: 'another value, which fails no program', env: { PLUGBOARD_LOG: 'yes' }, stderr: /^$/ },
  {
    name: 'the option debug, which gets the lines instead',
    env: { PLUGBOARD_LOG: 'debug' },
    options: '{ debug: line => console.error("own: " + line) }',
    stderr: /^(own: .*\n){3,}$/,
  },
];

suite('the debug log of programs', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }
  for (const { name, env = {}, options = '{}', stderr } of cases) {
    test(name, async () => {
      const { writeFileSync } = await import('node:fs');
      const { inFolder, plugboard } = await import('./spawn.ts');
      await inFolder(async folder => {
        const path = `${folder}/program.mjs`;
        writeFileSync(path, program(options));
        const result = await plugboard(folder, [], { env, program: path });
        match(result.stderr, stderr);
        is(result.code, 0);
      });
    });
  }
});
