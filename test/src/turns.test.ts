import { Turns } from '../../src/run/turns.ts';
import { attemptLater, chain } from '../../src/values/later.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

/** A promise of another class than the global one, which programs may replace. */
const foreign = <T>(promise: Promise<T>): Promise<T> => {
  const own = {
    // biome-ignore lint/suspicious/noThenProperty: a promise has it.
    then: (...given: Parameters<typeof promise.then>) => foreign(promise.then(...given)),
    catch: (failed: (error: unknown) => T) => foreign(promise.catch(failed)),
  };
  return own as unknown as Promise<T>;
};
const later = <T>(value: T) => new Promise<T>(resolve => setTimeout(() => resolve(value), 5));
const watch = () => () => {};

suite('turns', test => {
  test('a turn lasts until its promise is over, also one of another class', async () => {
    const turns = new Turns(undefined);
    const seen: string[] = [];
    const work = (name: string) => () =>
      foreign(
        later(name).then(value => {
          seen.push(value);
          return `${value}!`;
        }),
      );
    const all = ['a', 'b', 'c'].map(name => turns.run(work(name), watch));
    is(turns.isIdle, false);
    equal(await Promise.all(all), ['a!', 'b!', 'c!']);
    equal(seen, ['a', 'b', 'c']);
    await turns.whenIdle();
    is(turns.isIdle, true);
  });

  test('a turn that leaves the queue hands on the turns before it', async () => {
    const turns = new Turns(undefined);
    const seen: number[] = [];
    let leave: ((error: Error) => void) | undefined;
    const first = turns.run(() => later(1).then(value => seen.push(value)), watch);
    const second = turns.run(
      () => seen.push(2),
      given => {
        leave = given;
        return () => {};
      },
    );
    const third = turns.run(() => seen.push(3), watch);
    await null;
    leave!(new Error('left'));
    await raises(() => second, { message: 'left' });
    await Promise.all([first, third]);
    equal(seen, [1, 3]);
  });

  test('a turn without a promise is over when run returns, also after an error', async () => {
    const turns = new Turns(undefined);
    is(
      turns.run(() => 1, watch),
      1,
    );
    const fail = () => {
      throw new Error('no');
    };
    await raises(async () => turns.run(fail, watch), { message: 'no' });
    is(turns.isFree, true);
  });

  test('a turn that another one on the stack asks for begins later, also in another queue', async () => {
    const [turns, others] = [new Turns(undefined), new Turns(undefined)];
    const seen: string[] = [];
    let nested: Promise<number>[] = [];
    const result = turns.run(() => {
      nested = [turns, others].map(
        (queue, index) => queue.run(() => seen.push(`nested ${index}`), watch) as Promise<number>,
      );
      return seen.push('first');
    }, watch);
    is(result, 1);
    await Promise.all(nested);
    equal(seen, ['first', 'nested 1', 'nested 0']);
    await Promise.all([turns.whenIdle(), others.whenIdle()]);
    is(turns.isFree && others.isFree, true);
  });

  test('steps wait for promises of any class, and else are done at once', async () => {
    const add = (value: number): number | string => value + 1;
    const failed = (error: unknown): number | string => (error as Error).message;
    is(chain(1, add), 2);
    is(await chain(foreign(later(1)), add), 2);
    is(
      attemptLater(() => 1, add, failed),
      2,
    );
    is(await attemptLater(() => foreign(later(1)), add, failed), 2);
    const fail = (): number => {
      throw new Error('no');
    };
    is(attemptLater(fail, add, failed), 'no');
    is(
      attemptLater(() => 1, fail, failed),
      'no',
    );
    is(await attemptLater(() => foreign(later(1).then(fail)), add, failed), 'no');
    is(await attemptLater(() => foreign(later(1)), fail, failed), 'no');
  });
});
