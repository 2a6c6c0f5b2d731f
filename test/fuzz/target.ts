import { Random } from '../helpers/random.ts';

/** A part of plugboard that gets random inputs. */
export interface Target<Input = unknown> {
  name: string;
  /** Makes an input of JSON values, so that a finding can be kept as a row of found.ts. */
  make(random: Random): Input;
  /** @throws if the input breaks a rule */
  check(input: Input): void | Promise<void>;
}

export interface Finding {
  target: string;
  seed: number;
  error: Error;
  /** The smallest input found that breaks a rule, and its error. */
  input: unknown;
}

/** Remembers the numbers that it gave. */
class Recorder extends Random {
  readonly given: number[] = [];
  override u32(): number {
    const value = super.u32();
    this.given.push(value);
    return value;
  }
}

/** Gives these numbers, and then 0 for ever. */
class Replay extends Random {
  readonly #numbers: readonly number[];
  used = 0;
  constructor(numbers: readonly number[]) {
    super(0);
    this.#numbers = numbers;
  }
  override u32(): number {
    return this.#numbers[this.used++] ?? 0;
  }
}

async function errorOf<Input>({ check }: Target<Input>, input: Input): Promise<Error | null> {
  try {
    await check(input);
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** Runs the input of one seed. */
export async function runSeed<Input>(target: Target<Input>, seed: number): Promise<Finding | null> {
  const random = new Recorder(seed);
  const input = target.make(random);
  const error = await errorOf(target, input);
  if (!error) return null;
  const smaller = await findSmaller(target, random.given);
  return { target: target.name, seed, input, error, ...smaller };
}

const TRIES = 2000;
const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number + 1, 0);

/**
 * Looks for a smaller input that breaks a rule too. An input is made from random numbers, so it gets smaller when numbers are
 * left out or become smaller; this works for every target.
 */
async function findSmaller<Input>(
  target: Target<Input>,
  given: readonly number[],
): Promise<{ input: Input; error: Error } | null> {
  let best: readonly number[] = given;
  let found: { input: Input; error: Error } | null = null;
  let tries = 0;
  const attempt = async (numbers: readonly number[]): Promise<boolean> => {
    if (++tries > TRIES) return false;
    const replay = new Replay(numbers);
    const input = target.make(replay);
    const error = await errorOf(target, input);
    const size = JSON.stringify(input).length;
    if (!error || (found && size > JSON.stringify(found.input).length)) return false;
    best = numbers.slice(0, replay.used);
    found = { input, error };
    return true;
  };
  const goesOn = () => tries < TRIES;
  for (let before = Number.POSITIVE_INFINITY; before > sum(best) && goesOn(); ) {
    before = sum(best);
    for (let length = best.length; length >= 1; length = Math.floor(length / 2)) {
      for (let at = 0; at < best.length && goesOn(); ) {
        const without = [...best.slice(0, at), ...best.slice(at + length)];
        if (!(await attempt(without))) at += length;
      }
    }
    for (let at = 0; at < best.length; at++) {
      for (let less = best[at]!; less >= 1 && goesOn(); less = Math.floor(less / 4))
        while (best[at]! >= less && (await attempt(best.with(at, best[at]! - less))));
    }
  }
  return found;
}
