import { AbiError, ENV_FUNCTIONS, type EnvImports, type EnvNamesOn } from '../../abi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { makeEnv, TIERS } from './kernels.ts';

/** Whether an object with the functions `Some` can be the import object of a plugin. Checked by the compiler. */
type IsWhole<Some> = Some extends EnvImports ? true : false;

suite('abi/signatures', test => {
  test('a kernel or a worker that lacks a function of the table does not compile', () => {
    const isWhole: {
      all: IsWhole<EnvImports<EnvNamesOn<'plugin'> | EnvNamesOn<'caller'>>>;
      withoutOne: IsWhole<Omit<EnvImports, 'alloc'>>;
      withoutTheCallersThread: IsWhole<EnvImports<EnvNamesOn<'plugin'>>>;
      withAnotherType: IsWhole<Omit<EnvImports, 'alloc'> & { alloc: (length: number) => number }>;
    } = { all: true, withoutOne: false, withoutTheCallersThread: false, withAnotherType: false };
    ok(isWhole.all);
  });

  test("functions that need config, variables, HTTP, logger or the error text run on the caller's thread", () => {
    const onCallersThread = ENV_FUNCTIONS.filter(({ thread }) => thread === 'caller');
    equal(onCallersThread.map(({ name }) => name).sort(), [
      ...['config_get', 'error_get', 'error_set', 'get_log_level', 'http_headers', 'http_request'],
      ...['http_status_code', 'log_debug', 'log_error', 'log_info', 'log_trace', 'log_warn'],
      ...['reset', 'var_get', 'var_set'],
    ]);
  });
});

for (const tier of TIERS) {
  suite(`abi/env (${tier})`, test => {
    test.row(
      ENV_FUNCTIONS.map(({ name }) => `env.${name}`),
      'every function refuses once the call was ended, until the next one begins',
      async () => {
        const { kernel, call } = makeEnv({ tier });
        const reason = new AbiError('VAR_LIMIT', 'the reason');
        kernel.markEnded(reason);
        for (const { name, params } of ENV_FUNCTIONS) {
          const args = params.map(({ type }) => (type === 'i64' ? 0n : 0));
          await raises(() => call(name, ...args), {});
        }
        await raises(() => call('alloc', 8n), { code: 'VAR_LIMIT', message: 'the reason' });
        is(kernel.ended, reason);
        kernel.begin();
        is(kernel.ended, null);
        ok(call('alloc', 8n) !== 0n);
      },
    );

    test('the import object has the functions of the table, no more and no fewer', () => {
      const env = makeEnv({ tier });
      is(env.tier, tier);
      equal(Object.keys(env.imports).sort(), ENV_FUNCTIONS.map(({ name }) => name).sort());
    });

    test('tolerated mistakes are diagnostics, and errors with strict', async () => {
      const codes: string[] = [];
      const lenient = makeEnv({ tier, onDiagnostic: ({ code }) => codes.push(code) });
      const mistakes: [code: string, name: string, ...args: bigint[]][] = [
        ['UNKNOWN_HANDLE_FREED', 'free', 99n],
        ['INVALID_RANGE', 'output_set', 1n, 5n],
        ['INVALID_RANGE', 'input_set', -1n, 5n],
        ['INVALID_HANDLE', 'error_set', 99n],
      ];
      for (const [, name, ...args] of mistakes) lenient.call(name, ...args);
      equal(
        codes,
        mistakes.map(([code]) => code),
      );
      for (const [code, name, ...args] of mistakes) {
        await raises(() => makeEnv({ tier, strict: true }).call(name, ...args), { code });
      }
    });
  });
}
