import { createSharedBacking } from '../../abi/index.ts';
import { suite, type Test } from '../helpers/suite.ts';
import { type Env, type EnvOptions, makeEnv } from './kernels.ts';

/** A test of the env functions that runs on every tier. */
export interface EnvRow {
  row: string | string[];
  name: string;
  options?: EnvOptions;
  input?: string;
  run: (env: Env) => void | Promise<void>;
}

/** End of the first page. Addresses from here on are outside until a block reaches further. */
export const REACHED_END = 1n << 16n;

const KINDS: readonly [name: string, options: () => EnvOptions, lacking?: string | null][] = [
  ['reference', () => ({ tier: 'reference' })],
  ['accessors', () => ({ tier: 'accessors' })],
  [
    'accessors, shared memory',
    () => ({ tier: 'accessors', backing: createSharedBacking() }),
    lackingSharedMemory(),
  ],
];

function lackingSharedMemory(): string | null {
  try {
    createSharedBacking();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

export function envSuite(topic: string, rows: readonly EnvRow[]): void {
  for (const [kind, kindOptions, lacking = null] of KINDS) {
    const define = (test: Test) => {
      for (const { row, name, options, input, run } of rows) {
        test.row(row, name, () => {
          const env = makeEnv({ ...kindOptions(), ...options });
          env.kernel.begin(input === undefined ? undefined : new TextEncoder().encode(input));
          return run(env);
        });
      }
    };
    suite(`abi/${topic} (${kind})`, define, lacking);
  }
}
