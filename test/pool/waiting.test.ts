import { Waiting } from '../../src/pool/waiting.ts';
import { equal, is } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

const always = () => true;

suite('pool: waiting', test => {
  test('keys take turns, and the items of one key keep their order', () => {
    const waiting = new Waiting<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) waiting.add(item[0]!, item);
    equal(
      Array.from({ length: 7 }, () => waiting.take(always)),
      ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', undefined],
    );
    is(waiting.size, 0);
  });

  test('a key that may not have a turn keeps its place', () => {
    const waiting = new Waiting<string>();
    for (const item of ['a1', 'a2', 'b1', 'b2']) waiting.add(item[0]!, item);
    is(
      waiting.take(key => key !== 'a'),
      'b1',
    );
    is(waiting.take(always), 'a1');
    is(waiting.take(always), 'b2');
    is(
      waiting.take(key => key !== 'a'),
      undefined,
    );
    is(waiting.take(always), 'a2');
  });

  test('an item is taken out once, wherever it stands', () => {
    const waiting = new Waiting<string>();
    for (const item of ['a1', 'a2', 'b1']) waiting.add(item[0]!, item);
    equal(
      [waiting.remove('a', 'a1'), waiting.remove('a', 'a1'), waiting.remove('c', 'a2')],
      [true, false, false],
    );
    equal([waiting.size, waiting.of('a'), waiting.of('c')], [2, 1, 0]);
    equal([waiting.take(always), waiting.take(always)], ['a2', 'b1']);
  });

  test('random uses: the items of each key come in order, and none is lost', () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = new Random(seed);
      const waiting = new Waiting<number>();
      const model = new Map<string, number[]>();
      for (let step = 0; step < 300; step++) {
        const all = [...model.values()].flat();
        is(waiting.size, all.length);
        if (random.below(2) === 0) {
          const key = `${random.below(5)}`;
          waiting.add(key, step);
          model.set(key, [...(model.get(key) ?? []), step]);
          continue;
        }
        const item = waiting.take(always);
        if (item === undefined) is(all.length, 0);
        else is([...model.values()].find(([first]) => first === item)?.shift(), item);
      }
    }
  });
});
