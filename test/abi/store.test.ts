import { equal, is, raises } from '../helpers/assert.ts';
import { type EnvRow, envSuite } from './env-rows.ts';
import { decode, makeEnv } from './kernels.ts';

envSuite('store', [
  {
    row: [
      'env.config_get',
      'abi.config-value',
      'abi.key-missing',
      'abi.key-zero',
      'abi.key-inherited',
      'abi.value-empty',
    ],
    name: "config_get finds the configuration's own keys; missing and empty values are 0",
    options: { config: new Map(Object.entries({ greeting: 'hé', empty: '', '': 'nameless' })) },
    run: ({ call, text, kernel }) => {
      const value = call('config_get', text('greeting')) as bigint;
      is(decode(kernel.bytesOf(Number(value), 'value')), 'hé');
      for (const key of ['empty', 'missing', 'toString', '__proto__']) is(call('config_get', text(key)), 0n);
      is(decode(kernel.bytesOf(Number(call('config_get', 0n)), 'value')), 'nameless');
    },
  },
  ...['config_get', 'var_get'].map(
    (name): EnvRow => ({
      row: [`env.${name}`, 'abi.key-invalid', 'abi.key-text'],
      name: 'an invalid key handle or a key that is not UTF-8 ends the call',
      run: async ({ call, kernel, text }) => {
        const handle = text('k');
        await raises(() => call(name, handle + 1n), { code: 'INVALID_HANDLE', message: name });
        kernel.begin();
        const key = call('alloc', 1n) as bigint;
        call('store_u8', key, 0xff);
        await raises(() => call(name, key), { code: 'INVALID_UTF8', message: name });
      },
    }),
  ),
  {
    row: ['env.var_get', 'env.var_set', 'abi.key-zero', 'abi.key-missing'],
    name: 'handle 0 is the empty key; a missing variable is 0',
    run: ({ call, text, kernel }) => {
      is(call('var_get', 0n), 0n);
      call('var_set', 0n, text('nameless'));
      is(decode(kernel.bytesOf(Number(call('var_get', 0n)), 'value')), 'nameless');
      equal([...kernel.vars.snapshot().keys()], ['']);
      is(call('var_get', text('toString')), 0n);
    },
  },
  {
    row: ['env.config_get', 'env.var_get', 'env.var_set', 'abi.key-freed', 'abi.var-freed'],
    name: 'keys and values are freed at the end of the call, not before',
    options: { config: new Map([['key', 'value']]) },
    run: ({ call, codes, text, kernel }) => {
      const handles = [text('key'), text('key'), text('key'), text('value')] as const;
      call('config_get', handles[0]);
      call('var_get', handles[1]);
      call('var_set', handles[2], handles[3]);
      equal(
        handles.map(handle => call('length', handle)),
        [3n, 3n, 3n, 5n],
      );
      for (const handle of handles) call('free', handle);
      equal(codes, [], "the plugin's own free is not a double free");
      kernel.begin();
      equal(
        handles.map(handle => call('length', handle)),
        [0n, 0n, 0n, 0n],
      );
    },
  },
  {
    row: ['env.var_set', 'env.var_get', 'abi.var-copy', 'abi.var-kept', 'abi.var-delete', 'abi.value-empty'],
    name: 'variables are copies and outlive calls; 0 deletes; an empty value is 0 to the plugin only',
    run: ({ call, text, kernel }) => {
      const value = text('value');
      call('var_set', text('key'), value);
      call('store_u8', value, 'X'.charCodeAt(0));
      const copy = call('var_get', text('key')) as bigint;
      call('store_u8', copy, 'Y'.charCodeAt(0));
      kernel.begin();
      is(decode(kernel.vars.get('key') ?? null), 'value');
      call('var_set', text('key'), 0n);
      is(call('var_get', text('key')), 0n);
      is(kernel.vars.get('key'), undefined);
      kernel.vars.set('empty', new Uint8Array(0));
      is(call('var_get', text('empty')), 0n);
    },
  },
  {
    row: ['env.var_set', 'abi.var-set-empty'],
    name: 'alloc(0) returns 0, so setting it as a value deletes the variable',
    run: ({ call, text, kernel }) => {
      call('var_set', text('key'), text('value'));
      call('var_set', text('key'), call('alloc', 0n) as bigint);
      is(kernel.vars.get('key'), undefined);
    },
  },
  {
    row: ['env.var_set', 'abi.var-over', 'abi.var-value-invalid'],
    name: 'var_set over the limit or with an invalid value ends the call and changes nothing',
    options: { maxVarBytes: 10 },
    run: async ({ call, text, kernel }) => {
      call('var_set', text('k'), text('123456789'));
      await raises(() => call('var_set', text('j'), text('1')), {
        code: 'VAR_LIMIT',
        message: 'Variable store is full',
      });
      kernel.begin();
      call('var_set', text('k'), text('987654321'));
      await raises(() => call('var_set', text('k'), 5n), { code: 'INVALID_HANDLE' });
      equal(
        [...kernel.vars.snapshot()].map(([key, bytes]) => [key, decode(bytes)]),
        [['k', '987654321']],
      );
    },
  },
  {
    row: ['env.var_set', 'abi.var-counted', 'abi.var-replaced'],
    name: 'keys and values count, in UTF-8, and a replaced value no longer counts',
    options: { maxVarBytes: 10 },
    run: async ({ call, text, kernel }) => {
      call('var_set', text('\u00fc'), text('12345678'));
      call('var_set', text('\u00fc'), text('87654321'));
      call('var_set', text('\u00fc'), text('1234'));
      call('var_set', text('kk'), text('12'));
      await raises(() => call('var_set', text('kk'), text('123')), { code: 'VAR_LIMIT' });
      equal([...kernel.vars.snapshot().values()].map(decode), ['1234', '12']);
    },
  },
  {
    row: ['env.var_set', 'abi.var-disabled'],
    name: 'with a limit of 0, setting and deleting a variable end the call',
    options: { maxVarBytes: 0 },
    run: async ({ call, text, kernel }) => {
      await raises(() => call('var_set', text('k'), text('v')), { code: 'VARS_DISABLED' });
      kernel.begin();
      is(call('var_get', text('k')), 0n);
      await raises(() => call('var_set', text('k'), 0n), { code: 'VARS_DISABLED' });
    },
  },
  {
    row: ['env.http_request', 'env.http_status_code', 'env.http_headers', 'abi.http-before'],
    name: 'where HTTP is not enabled, a request ends the call, and status and headers are 0',
    run: async ({ call, text }) => {
      equal([call('http_status_code'), call('http_headers')], [0, 0n]);
      await raises(() => call('http_request', text('{"url":"http://127.0.0.1/"}'), 0n), {
        code: 'HTTP_NOT_ENABLED',
      });
    },
  },
  ...(['trace', 'debug', 'info', 'warn', 'error'] as const).map(
    (level, number): EnvRow => ({
      row: [`env.log_${level}`, 'env.get_log_level', 'abi.log-levels', 'abi.log-off', 'abi.log-invalid'],
      name: 'a message is logged from its level on; at that level an invalid handle ends the call',
      run: async ({ call, text }) => {
        const logged: string[] = [];
        const on = makeEnv({ logLevel: level, onLog: (...message) => logged.push(message.join(':')) });
        is(on.call('get_log_level'), number);
        on.call(`log_${level}`, on.text('hellö'));
        on.call(`log_${level}`, 0n);
        equal(logged, [`${level}:hellö`, `${level}:`]);
        await raises(() => on.call(`log_${level}`, 99n), { code: 'INVALID_HANDLE' });

        is(call('get_log_level'), 2147483647, 'silent is the default');
        call(`log_${level}`, text('unheard'));
        call(`log_${level}`, 99n);
      },
    }),
  ),
  {
    row: ['env.log_info', 'abi.log-freed', 'abi.log-text'],
    name: 'bytes of a message that are not UTF-8 become U+FFFD; the message is freed at the end of the call',
    run: ({ tier }) => {
      const logged: string[] = [];
      const { call, kernel } = makeEnv({ tier, logLevel: 'info', onLog: (_, text) => logged.push(text) });
      const handle = call('alloc', 2n) as bigint;
      call('store_u8', handle, 0x41);
      call('store_u8', handle + 1n, 0xff);
      call('log_info', handle);
      equal(logged, ['A\ufffd']);
      is(call('length', handle), 2n);
      kernel.begin();
      is(call('length', handle), 0n);
    },
  },
]);
