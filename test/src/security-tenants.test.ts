import { createPlugin, type Plugin } from '../../src/node.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import { createHostile, ENV, KERNELS, USER } from './security-guest.ts';

/** Calls the host, then returns its input as output. */
const askThenEcho = buildModule({
  imports: [
    { module: USER, name: 'ask' },
    { module: ENV, name: 'input_offset', results: ['i64'] },
    { module: ENV, name: 'input_length', results: ['i64'] },
    { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
  ],
  functions: [{ name: 'run', body: ['call 0', 'call 1', 'call 2', 'call 3'] }],
});

const failing = buildModule({
  functions: [
    { name: 'trap', body: ['unreachable'] },
    { name: 'fail', results: ['i32'], body: ['i32.const 1'] },
  ],
});

for (const kernel of KERNELS) {
  suite(`security: tenants (${kernel})`, test => {
    test.row(['security.sandboxing', 'security.tenants'], 'one plugin sees nothing of another', async () => {
      const [one, other] = [
        await createHostile({ kernel, config: { shared: 'of one', own: 'of one' } }),
        await createHostile({ kernel, config: { shared: 'of other' } }),
      ];
      await one.call('hide', 'secret');
      await one.call('scribble', 'secret');
      is(await other.call('residue', 'input'), null, 'a byte of another plugin in its memories');
      for (const name of ['secret', 'own']) is(await other.call('seek', name), null);
      is((await other.call('seek', 'shared'))?.text(), 'of other');
      equal([[...one.vars.keys()], [...other.vars.keys()]], [['secret'], []]);
    });

    test.row('security.tenants', 'a plugin made after another was closed sees nothing of it', async () => {
      for (let time = 0; time < 3; time++) {
        const plugin = await createHostile({ kernel });
        is(await plugin.call('residue', 'input'), null);
        is(await plugin.call('seek', 'secret'), null);
        await plugin.call('hide', 'secret');
        await plugin.close();
      }
    });

    test.row('security.tenants', 'changing a copy of the variables changes no variable', async () => {
      const plugin = await createHostile({ kernel });
      await plugin.call('hide', 'key');
      plugin.vars.get('key')!.fill(0);
      is((await plugin.call('seek', 'key'))?.text(), 'key');
    });

    test.row('security.tenants', 'nested calls of two plugins do not affect each other', async () => {
      const seen: unknown[] = [];
      const inner: Plugin = await createHostile({ kernel });
      const outer = await createPlugin(askThenEcho, {
        kernel,
        functions: {
          [USER]: {
            ask: context => {
              seen.push(context.hostContext(), inner.callSync('fine', 'of the inner')?.text());
              inner.callSync('hide', 'inner');
              seen.push(context.getVariable('inner'), outer.isActive(), inner.isActive());
              try {
                inner.callSync('recurse');
              } catch (error) {
                seen.push((error as { code?: string }).code);
              }
            },
          },
        },
      });
      const output = await outer.call('run', 'of the outer', { tenant: 'outer' });
      is(output?.text(), 'of the outer');
      equal(seen, [{ tenant: 'outer' }, 'of the inner', null, true, false, 'STACK_OVERFLOW']);
      equal([outer.vars.size, inner.vars.size], [0, 1]);
    });

    // One error ends the instance, the other does not. Both have no lines, since the plugin has no WASI.
    for (const [code, name] of [
      ['TRAP', 'trap'],
      ['NONZERO_RESULT', 'fail'],
    ] as const)
      test.row('security.tenants', `the lists of an error ${code} are its own`, async () => {
        for (let round = 0; round < 2; round++) {
          const plugin = await createPlugin(failing, { kernel });
          const error = await raises(() => plugin.call(name), { code });
          const { stdout, stderr } = error as unknown as { stdout: string[]; stderr: string[] };
          equal([stdout, stderr], [[], []]);
          stdout.push('of another tenant');
          stderr.push('of another tenant');
        }
      });

    test.row('security.tenants', 'a plugin that fails does not affect the others', async () => {
      const plugins = [];
      for (let index = 0; index < 4; index++) plugins.push(await createHostile({ kernel }));
      const [bad, ...good] = plugins as [Plugin, ...Plugin[]];
      for (const [index, plugin] of good.entries()) await plugin.call('hide', `number ${index}`);
      await raises(() => bad.call('print_bomb'), { code: 'TRAP' });
      await bad.close();
      for (const [index, plugin] of good.entries()) {
        is((await plugin.call('seek', `number ${index}`))?.text(), `number ${index}`);
      }
      ok(good.every(({ vars }) => vars.size === 1));
    });
  });
}
