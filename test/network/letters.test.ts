import { createRecorder, replay } from '../../src/audit/index.ts';
import type { DeadLetter } from '../../src/network/engine/engine.ts';
import { type LastingEngine, makers } from '../../src/network/engine/lasting.ts';
import { Letters } from '../../src/network/engine/letters.ts';
import { MemoryEngine } from '../../src/network/engine/memory-engine.ts';
import type { ComponentFunction } from '../../src/network/index.ts';
import { NETWORK_LIMITS } from '../../src/network/limits.ts';
import { answering, METADATA, RESULT } from '../actor/answering.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { createNetwork, int } from './make-network.ts';

const lines = ['> go -> a.in', 'a.out -> end >'];
const failing: ComponentFunction = () => {
  throw new Error('no ink');
};

const letter = (position: number, recording?: string) => ({
  ...{ node: 'a', port: 'in', message: int(position), code: 'TRAP', error: 'unreachable' },
  packet: { in: int(position) },
  read: [{ source: '> go', position, port: 'in' }],
  ...(recording !== undefined && { recording }),
});

suite('dead letters', test => {
  test.row('limit.deadLetters', 'the latest 1,000 are kept', () => {
    const letters = new Letters();
    for (let position = 1; position <= 1003; position++) letters.push(letter(position));
    equal([letters.all().length, letters.all()[0]], [1000, letter(4)]);
  });

  test.row('limit.deadRecordings', 'recordings above the limit are dropped from the oldest letters', () => {
    const letters = new Letters();
    // One text, so that the test takes the memory of one.
    const quarter = 'x'.repeat(NETWORK_LIMITS.deadRecordings.default / 4);
    for (let position = 1; position <= 6; position++)
      letters.push(letter(position, position === 3 ? undefined : quarter));
    equal(
      letters.all().map(({ recording }) => recording !== undefined),
      [false, true, false, true, true, true],
    );
    equal(letters.all()[0], letter(1));
  });

  test('all letters of a step go together', () => {
    const letters = new Letters();
    letters.push(letter(1), { ...letter(1), port: 'other' }, letter(2));
    letters.remove({ node: 'a', source: '> go', position: 1 });
    equal(letters.all(), [letter(2)]);
    is(letters.of('b').length, 0);
  });

  test('a dead letter is processed again once its cause is gone', async () => {
    let isOut = true;
    const a: ComponentFunction = ({ in: message }) => {
      if (isOut) throw new Error('no ink');
      return { out: message! };
    };
    const network = await createNetwork(lines, { a });
    const reading = (async () => {
      const found = [];
      for await (const { data } of network.outports.end!) found.push(data);
      return found;
    })();
    await network.call({ go: int(4) });
    const [letter] = await network.deadLetters();
    is(await network.redrive(letter!), true);
    await network.drain();
    equal((await network.deadLetters()).length, 1, 'it has failed again');
    isOut = false;
    const [again] = await network.deadLetters();
    is(await network.redrive(letter!), false, 'it is another step now');
    is(await network.redrive(again!), true);
    await network.drain();
    equal(await network.deadLetters(), []);
    await network.stop();
    equal(await reading, [4]);
    await raises(() => network.redrive(letter!), { code: 'NETWORK_STOPPED' });
  });

  test('a dead letter of a join is one packet again, and messages that wait at the join stay together', async () => {
    const seen: unknown[] = [];
    const network = await createNetwork(
      ['> x -> j.x', '> y -> j.y'],
      {
        j: ({ x, y }) => {
          seen.push([x!.data, y!.data]);
          if (seen.length === 1) throw new Error('no ink');
        },
      },
      {},
      { processes: { j: { component: 'j', metadata: { await_all_inports: true } } } },
    );
    await network.call({ x: int(1), y: int(1) });
    await network.inports.x!.send(int(2));
    await network.drain();
    const letters = await network.deadLetters();
    is(await network.redrive(letters[0]!), true);
    await network.drain();
    equal(await network.deadLetters(), []);
    await network.inports.y!.send(int(2));
    await network.stop();
    equal(seen, [
      [1, 1],
      [1, 1],
      [2, 2],
    ]);
  });

  test('a letter of a message that came to no node is not sent again, and other values are refused', async () => {
    const network = await createNetwork(lines, { a: failing });
    is(await network.redrive({ ...letter(1), node: '' }), false);
    is(await network.redrive(letter(1)), false);
    for (const wrong of [undefined, null, 5, {}, { node: 'a', read: [5] }, { node: 'a' }])
      await raises(() => network.redrive(wrong as never), {
        code: 'INVALID_CONFIG',
        message: 'redrive: letter',
      });
    await network.stop();
  });

  /** Lets two packets trap in an engine, and returns their letters. */
  async function trapTwice(maxStepBytes: number): Promise<readonly DeadLetter[]> {
    const trapping = answering({ process: RESULT, get_metadata: METADATA }, { process: ['trap'] });
    const engine: LastingEngine = { flush: async () => {}, lastId: () => undefined };
    makers.set(engine, bounds => new MemoryEngine({ ...bounds, maxStepBytes }));
    const actors = { stderr: () => {}, record: createRecorder() };
    const components = { t: { source: trapping } };
    const network = await createNetwork(['> go -> t.in', 't.out -> end >'], components, { actors, engine });
    for (const n of [1, 2]) await network.call({ go: int(n) });
    const letters = await network.deadLetters();
    await network.stop();
    return letters;
  }

  test('with a recorder a dead letter has the recording of its call', async () => {
    const letters = await trapTwice(2 ** 30);
    for (const { recording } of letters) {
      const report = await replay(recording!);
      equal([report.isSame, report.calls.at(-1)!.error!.code], [true, 'TRAP']);
    }
    is(new Set(letters.map(({ recording }) => recording)).size, 2);
  });

  test('a recording over a quarter of the largest step is left out of its letter', async () => {
    const [{ recording } = {}] = await trapTwice(2 ** 30);
    for (const [share, isKept] of [
      [8, true],
      [2, false],
    ] as const) {
      const letters = await trapTwice(share * recording!.length);
      equal(
        letters.map(letter => letter.recording !== undefined),
        [isKept, isKept],
      );
    }
  });
});
