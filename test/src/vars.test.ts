import type { CallContext } from '../../src/node.ts';
import { bytesEqual, equal, is, raises } from '../helpers/assert.ts';
import { suiteInModes } from '../helpers/modes.ts';
import { type Body, createGuest, FIRST, i64, place } from './guest.ts';

/** Returns the variable with the empty name as output. */
const get: Body = [...i64(0), 'var_get', 'local.tee 0', 'local.get 0', 'length', 'output_set'];
const reader = { get: { body: get, locals: ['i64'] as const } };
/** Sets the variable with the empty name to "new". */
const set: Body = [...place('new'), ...i64(0), ...i64(FIRST), 'var_set'];

suiteInModes('variables of the host', test => {
  test.row(
    'abi.var-preset',
    'the option vars gives text and bytes, which the plugin reads and changes',
    async () => {
      const bytes = Uint8Array.of(1, 2);
      const creating = createGuest(
        { ...reader, set },
        { vars: { '': 'preset', bytes, ['__proto__']: 'own' } },
      );
      bytes[0] = 9;
      const { plugin } = await creating;
      is((await plugin.call('get'))?.text(), 'preset');
      bytesEqual(plugin.vars.get('bytes')!, [1, 2]);
      is(plugin.getVar('__proto__')?.text(), 'own');
      await plugin.call('set');
      is((await plugin.call('get'))?.text(), 'new');
    },
  );

  test.row('abi.var-preset', 'reset with vars puts them back, and removes all others', async () => {
    const { plugin } = await createGuest({ ...reader, set }, { vars: { '': 'preset' } });
    await plugin.call('set');
    plugin.setVar('more', 'x');
    is(await plugin.reset(), true);
    is(plugin.getVar('')?.text(), 'new');
    is(await plugin.reset({ vars: true }), true);
    equal([...plugin.vars.keys()], ['']);
    is((await plugin.call('get'))?.text(), 'preset');
  });

  test('they count against the limit, together with those of the plugin', async () => {
    const { plugin } = await createGuest({ set }, { vars: { a: '1234' }, memory: { maxVarBytes: 7 } });
    await raises(() => plugin.call('set'), { code: 'VAR_LIMIT' });
    plugin.setVar('a', '123');
    await plugin.call('set');
    await raises(async () => plugin.setVar('a', '1234'), { code: 'VAR_LIMIT' });
    equal([...plugin.vars.keys()], ['a', '']);
    is(plugin.getVar('a')?.text(), '123');
  });

  test('setVar and getVar work between calls and during one', async () => {
    const seen: unknown[] = [];
    const { plugin } = await createGuest(
      { ...reader, run: ['host'] },
      {
        host: (context: CallContext) => {
          plugin.setVar('', 'during');
          seen.push(context.getVariable('')?.text(), plugin.getVar('')?.text());
        },
      },
    );
    is(plugin.getVar(''), null);
    plugin.setVar('', 'before');
    is((await plugin.call('get'))?.text(), 'before');
    await plugin.call('run');
    equal(seen, ['during', 'during']);
    is((await plugin.call('get'))?.text(), 'during');
    plugin.setVar('', null);
    equal(
      [plugin.getVar(''), await plugin.call('get')].map(found => found?.byteLength ?? null),
      [null, 0],
    );
    plugin.setVar('', Uint8Array.of(7));
    plugin.getVar('')!.bytes().fill(0);
    bytesEqual(plugin.getVar('')!.bytes(), [7]);
  });

  test('setVar refuses other values, and a closed plugin', async () => {
    const { plugin } = await createGuest({ set });
    await raises(async () => plugin.setVar(1 as never, ''), {
      code: 'INVALID_OPTION',
      message: 'setVar: name',
    });
    await raises(async () => plugin.getVar(1 as never), { code: 'INVALID_OPTION', message: 'getVar: name' });
    await raises(async () => plugin.setVar('a', 1 as never), { code: 'INVALID_INPUT' });
    await plugin.close();
    await raises(async () => plugin.setVar('a', ''), { code: 'CLOSED', message: 'setting the variable "a"' });
  });

  test('the map of all variables cannot be changed, and names setVar', async () => {
    const { plugin } = await createGuest({ set }, { vars: { a: '1' } });
    const copy = plugin.vars as Map<string, Uint8Array>;
    const refused = { code: 'UNSUPPORTED', message: 'plugin.setVar' };
    await raises(async () => copy.set('a', Uint8Array.of(2)), refused);
    await raises(async () => copy.delete('a'), refused);
    await raises(async () => copy.clear(), refused);
    bytesEqual(copy.get('a')!, [0x31]);
  });
});
