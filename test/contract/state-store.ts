import { Float } from '../../src/actor/float.ts';
import type { JsonObject, JsonValue } from '../../src/actor/json/value.ts';
import type { StateMap, StateStore } from '../../src/actor/state/state-store.ts';
import { equal, is } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

/** A kind of store, with the functions to test it. */
export interface StoreSubject {
  name: string;
  /** Runs `body` with a function that opens stores at one new, empty place. */
  withPlace(body: (open: () => Promise<StateStore>) => Promise<void>): Promise<void>;
  /** Whether a store that is opened later loads the committed state. */
  isLasting: boolean;
}

const entries = (state: StateMap): [string, JsonValue][] =>
  [...state].sort(([one], [other]) => (one < other ? -1 : 1));
const objectEntries = (state: JsonObject) => entries(new Map(Object.entries(state)));

/** The behaviour that every store must have. */
export function stateStoreContract({ name, withPlace, isLasting }: StoreSubject): void {
  suite(`contract: ${name}`, test => {
    const testStore = (
      title: string,
      body: (store: StateStore, open: () => Promise<StateStore>) => Promise<void>,
    ) => test(title, () => withPlace(async open => body(await open(), open)));

    testStore('a new store is empty', async store => is((await store.load()).size, 0));

    testStore(
      'load returns the committed state, with every kind of number unchanged',
      async (store, open) => {
        const state: StateMap = new Map<string, JsonValue>([
          ['whole', 1],
          ['float', new Float(1)],
          ['big', 9007199254740993n],
          ['deep', [{ a: [null, true, 'é🦀\u0000'] }]],
          ['nothing', null],
        ]);
        await store.commit(state);
        equal(entries(await store.load()), entries(state));
        if (isLasting) equal(entries(await (await open()).load()), entries(state));
      },
    );

    testStore('any text can be a key', async (store, open) => {
      const keys = ['', '__proto__', 'constructor', 'toString', 'a b', '\n', '0'];
      await store.commit(new Map(keys.map((key, index) => [key, index])));
      for (const each of isLasting ? [store, await open()] : [store]) {
        const state = await each.load();
        equal([...state.keys()].sort(), [...keys].sort());
        for (const [index, key] of keys.entries()) is(state.get(key), index, key);
        is(state.get('valueOf'), undefined);
      }
    });

    testStore('a change to a loaded map has no effect without a commit', async store => {
      await store.commit(new Map([['a', 1]]));
      const live = await store.load();
      live.set('a', 2);
      live.set('b', 3);
      equal(entries(await store.load()), [['a', 1]]);
    });

    testStore('a change to a map after its commit has no effect', async store => {
      const live = await store.load();
      live.set('a', 1);
      await store.commit(live);
      live.set('a', 2);
      live.clear();
      equal(entries(await store.load()), [['a', 1]]);
    });

    testStore('a missing key differs from a key with null', async store => {
      await store.commit(new Map([['nothing', null]]));
      const state = await store.load();
      is(state.has('nothing'), true);
      is(state.has('missing'), false);
    });

    testStore('a commit removes keys that it does not contain', async (store, open) => {
      await store.commit(new Map([['a', 1]]));
      await store.commit(new Map());
      is((await (isLasting ? await open() : store).load()).size, 0);
    });

    testStore('the state equals that of a plain object after any sequence of calls', async (store, open) => {
      const random = new Random(Date.now() & 0xffff_ffff);
      let model: JsonObject = {};
      for (let call = 0; call < 40; call++) {
        const live = await store.load();
        const next = { ...model };
        for (let step = random.below(4); step > 0; step--) {
          const key = `k${random.below(5)}`;
          const value = random.below(100);
          live.set(key, value);
          next[key] = value;
        }
        if (random.below(3) > 0) {
          await store.commit(live);
          model = next;
        }
        equal(entries(await store.load()), objectEntries(model), `seed ${random.seed}`);
      }
      if (isLasting) equal(entries(await (await open()).load()), objectEntries(model), `seed ${random.seed}`);
    });
  });
}
