import { checkKernelProgram, randomKernelProgram } from '../contract/kernel-programs.ts';
import { inContext } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

/** Number of new seeds in one run; in a thorough one the second number. */
const SEEDS = [300, 2000] as const;
/** A failure names its seed. */
const runProgram = (seed: number) =>
  inContext(`seed ${seed}`, () => checkKernelProgram(randomKernelProgram(new Random(seed))));

suite('abi/differential', test => {
  test('reference and accessors agree with each other and with a simple model on random programs, new in every run, and on fixed ones', () => {
    const first = Math.floor(Date.now() / 1000) >>> 0;
    for (let seed = 0; seed < 20; seed++) runProgram(seed);
    const seeds = SEEDS[host().thorough ? 1 : 0];
    for (let seed = first; seed < first + seeds; seed++) runProgram(seed);
  });
});
