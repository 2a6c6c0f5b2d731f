import { type CallError, LIMITS } from '../../src/node.ts';
import { bytesEqual, equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { type Body, count, createGuest, FIRST, i32, i64, mark, place } from './guest.ts';

const setError: Body = [...place('!'), ...i64(FIRST), 'error_set'];
/** Sets the variable with the empty name. */
const setVariable: Body = [...place('value'), ...i64(0), ...i64(FIRST), 'var_set'];
const echo: Body = ['input_offset', 'input_length', 'output_set'];

/** Index of the function `end` below: after the imports and `run`. */
const OVERFLOW = 5;

/** How a call ends, its code, and the value of a counter in the plugin's memory in the next call. */
const ends: [row: string, name: string, end: Body, code: string | null, next: number][] = [
  ['call-globals', 'a call', [], null, 2],
  ['after-error', 'an error text', setError, 'PLUGIN_ERROR', 2],
  ['after-trap', 'a trap', ['unreachable'], 'TRAP', 1],
  ['after-trap', 'a stack overflow', [`call ${OVERFLOW}`], 'STACK_OVERFLOW', 1],
  ['after-exit', 'proc_exit(0)', [...i32(0), 'proc_exit'], null, 1],
  ['after-exit', 'proc_exit(3)', [...i32(3), 'proc_exit'], 'EXIT', 1],
];

for (const kernel of ['reference', 'accessors'] as const) {
  suite(`between calls (${kernel})`, test => {
    test.row('abi.call-clears', 'the next call finds no block, input, output or error', async () => {
      const { plugin, marks } = await createGuest(
        {
          leave: [...place('left'), ...i64(FIRST), 'error_set', ...i64(FIRST), ...i64(4), 'output_set'],
          look: [
            ...[...i64(FIRST), 'length', 'i64.eqz', 'mark'],
            ...['input_length', 'i64.eqz', 'mark'],
            ...['error_get', 'i64.eqz', 'mark'],
            ...[...i64(FIRST), 'load_u8', 'mark'],
            ...[...i64(4), 'alloc', ...i64(FIRST), 'i64.eq', 'mark'],
          ],
        },
        { kernel },
      );
      await raises(() => plugin.call('leave', 'input'), { code: 'PLUGIN_ERROR' });
      is(await plugin.call('look'), null);
      equal(marks, [1, 1, 1, 0, 1]);
    });

    test.row('abi.output-copy', 'an output is neither the input nor changed by the next call', async () => {
      const { plugin } = await createGuest({ echo }, { kernel });
      const input = Uint8Array.of(1, 2, 3);
      const output = await plugin.call('echo', input);
      output!.bytes().fill(9);
      bytesEqual(input, [1, 2, 3]);
      const kept = await plugin.call('echo', input);
      await plugin.call('echo', Uint8Array.of(4, 5, 6));
      bytesEqual(kept!.bytes(), [1, 2, 3]);
    });

    for (const [row, name, end, code, next] of ends) {
      const instance = next === 1 ? 'a new instance' : 'the same instance';
      test.row([`abi.${row}`, 'abi.var-kept'], `after ${name}: ${instance}, and variables`, async () => {
        const { plugin, marks } = await createGuest({ run: [...setVariable, ...count], end }, { kernel });
        await plugin.call('run');
        if (code) await raises(() => plugin.call('end'), { code });
        else await plugin.call('end');
        equal([...plugin.vars.keys()], ['']);
        await plugin.call('run');
        equal(marks, [1, next]);
      });
    }
  });
}

suite('between calls', test => {
  test.row(
    ['abi.after-start', 'abi.after-start-vars'],
    '_start gets a new instance each time and variables stay',
    async () => {
      const { plugin, marks } = await createGuest({ _start: count, run: [...setVariable, ...count] });
      for (const name of ['run', '_start', '_start', 'run']) await plugin.call(name);
      equal(marks, [1, 2, 1, 1]);
      equal([...plugin.vars.keys()], ['']);
    },
  );

  test.row('abi.call-overlap', 'calls made at once end in order, each with its own output', async () => {
    const { plugin } = await createGuest({ echo });
    const outputs = await Promise.all(['a', 'b', 'c'].map(input => plugin.call('echo', input)));
    equal(
      outputs.map(output => output?.text()),
      ['a', 'b', 'c'],
    );
  });

  test.row(
    ['abi.call-reentrant', 'abi.call-active', 'abi.plugin-reset'],
    'a call or a reset from inside a host function is refused, and the outer call goes on',
    async () => {
      const seen: unknown[] = [];
      const { plugin, marks } = await createGuest(
        {
          run: [...place('kept'), 'host', ...i64(FIRST), ...i64(4), 'output_set'],
          inner: mark(1),
        },
        {
          host: () => {
            seen.push(plugin.isActive());
            try {
              plugin.callSync('inner');
            } catch (error) {
              seen.push((error as CallError).code);
            }
            void plugin.reset().then(done => seen.push(done));
          },
        },
      );
      is((await plugin.call('run'))?.text(), 'kept');
      equal([seen, marks, plugin.isActive()], [[true, 'REENTRANT_CALL', false], [], false]);
    },
  );

  test.row(
    'abi.plugin-reset',
    'reset clears the kernel memory, and variables if an option says so',
    async () => {
      const { plugin, marks } = await createGuest({ run: [...setVariable, ...count] });
      await plugin.call('run');
      equal([await plugin.reset(), plugin.vars.size], [true, 1]);
      equal([await plugin.reset({ vars: true }), plugin.vars.size], [true, 0]);
      await plugin.call('run');
      equal(marks, [1, 2], 'the instance stays');
    },
  );

  test.row('abi.plugin-closed', 'a call after close is refused', async () => {
    const { plugin } = await createGuest({ echo });
    await plugin.close();
    await raises(() => plugin.call('echo'), { code: 'CLOSED' });
  });

  test.row('abi.var-default', 'without a limit in the manifest, variables may have 1 MiB', async () => {
    let bytes = LIMITS.varBytes.default;
    const { plugin } = await createGuest(
      { run: ['host'] },
      { host: context => context.setVariable('', new Uint8Array(bytes)) },
    );
    is(bytes, 1 << 20);
    await plugin.call('run');
    bytes++;
    const error = await raises(() => plugin.call('run'), { code: 'HOST_FUNCTION_FAILED' });
    is((error.cause as { code?: string }).code, 'VAR_LIMIT');
  });
});
