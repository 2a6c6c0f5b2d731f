import { equal, inContext, is } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { FOUND } from './found.ts';
import { runSeed, type Target } from './target.ts';
import { TARGETS } from './targets.ts';

/** Seeds of the short run. */
const SEEDS: Readonly<Record<string, number>> = { reader: 40, meter: 20, kernel: 20, graph: 2000 };
const OTHER_SEEDS = 300;

/** Makes a list of numbers below 100. The rule that it breaks: no number is above 90. */
const broken: Target<number[]> = {
  name: 'broken',
  make: random => Array.from({ length: random.below(30) }, () => random.below(100)),
  check: numbers => {
    if (numbers.some(number => number > 90)) throw new Error('above 90');
  },
};

suite('fuzz', test => {
  for (const target of TARGETS) {
    test(`the first seeds of ${target.name} break no rule`, async () => {
      for (let seed = 0; seed < (SEEDS[target.name] ?? OTHER_SEEDS); seed++) {
        const finding = await runSeed(target, seed);
        if (finding)
          inContext(`seed ${seed}: ${JSON.stringify(finding.input)}`, () => {
            throw finding.error;
          });
      }
    });
  }

  for (const { target, was, input } of FOUND) {
    test(`${target}, found before: ${was}`, () => TARGETS.find(({ name }) => name === target)!.check(input));
  }

  test('an input that breaks a rule is found, and made smaller', async () => {
    for (let seed = 0; ; seed++) {
      const finding = await runSeed(broken, seed);
      if (!finding) continue;
      const [number, ...others] = finding.input as number[];
      equal([finding.seed, finding.error.message, others], [seed, 'above 90', []]);
      is(number! > 90, true);
      return;
    }
  });

  test('the same seed makes the same input', () => {
    for (const { name, make } of TARGETS) {
      const [one, two] = [make(new Random(7)), make(new Random(7))];
      equal(one, two, name);
    }
  });
});
