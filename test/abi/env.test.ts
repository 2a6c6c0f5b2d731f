import { AbiError, ENV_FUNCTIONS, envSignatures } from '../../abi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { makeEnv, TIERS } from './kernels.ts';

suite('abi/signatures', test => {
  test('the wasm types are those of the table', () => {
    const types = (values: readonly { type: string }[]) => values.map(({ type }) => type);
    equal(
      envSignatures,
      Object.fromEntries(
        ENV_FUNCTIONS.map(({ name, params, results }) => [name, [types(params), types(results)]]),
      ),
    );
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
