import { suite } from '../helpers/suite.ts';
import { type Env, type EnvOptions, makeEnv, TIERS } from './kernels.ts';

/** A test of the env functions that runs on every tier. */
export interface EnvRow {
  row: string | string[];
  name: string;
  options?: EnvOptions;
  input?: string;
  run: (env: Env) => void | Promise<void>;
}

/** End of the first page. Before a block reaches further, addresses from here on are outside. */
export const REACHED_END = 1n << 16n;

export function envSuite(topic: string, rows: readonly EnvRow[]): void {
  for (const tier of TIERS) {
    suite(`abi/${topic} (${tier})`, test => {
      for (const { row, name, options, input, run } of rows) {
        test.row(row, name, () => {
          const env = makeEnv({ tier, ...options });
          env.kernel.begin(input === undefined ? undefined : new TextEncoder().encode(input));
          return run(env);
        });
      }
    });
  }
}
