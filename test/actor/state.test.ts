import { Float } from '../../src/actor/float.ts';
import type { JsonObject, JsonValue } from '../../src/actor/json/value.ts';
import {
  changedKeys,
  DraftState,
  MemoryState,
  type StateMap,
  type StatePolicy,
} from '../../src/actor/state/state-store.ts';
import { stateStoreContract } from '../contract/state-store.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

stateStoreContract({
  name: 'MemoryState',
  isLasting: false,
  withPlace: body => body(async () => new MemoryState()),
});

suite('MemoryState', test => {
  test('the state is empty at first, or a copy of the initial value', () => {
    equal(new MemoryState().snapshot(), {});
    const initial = { count: 9007199254740993n, one: new Float(1), list: [1] };
    equal(new MemoryState(initial).snapshot(), initial);
  });

  test('later changes of the initial value or of a snapshot do not change the state', () => {
    const initial = { list: [1] };
    const state = new MemoryState(initial);
    initial.list.push(2);
    (state.snapshot().list as number[]).push(3);
    equal(state.snapshot(), { list: [1] });
  });

  test('changes of a loaded map are kept when it is committed, not before', () => {
    const state = new MemoryState({ a: 1 });
    const live = state.load();
    live.set('b', 2);
    equal(state.snapshot(), { a: 1 });
    state.commit(live);
    live.set('c', 3);
    equal(state.snapshot(), { a: 1, b: 2 });
  });

  test('keys such as __proto__ are plain keys', () => {
    const initial = { ['__proto__']: { a: 1 }, constructor: 1, toString: 2 };
    const state = new MemoryState(initial);
    equal([...state.load().keys()], ['__proto__', 'constructor', 'toString']);
    equal(Object.keys(state.snapshot()), ['__proto__', 'constructor', 'toString']);
    is(new MemoryState().load().get('toString'), undefined);
    is(Object.getPrototypeOf(state.snapshot()), Object.prototype);
  });

  const refused: [initial: unknown, code: string, message: string][] = [
    [[], 'INVALID_CONFIG', 'state: expected an object of key → JSON value, got an array of 0'],
    ['x', 'INVALID_CONFIG', 'state: expected an object of key → JSON value, got "x"'],
    [{ a: [undefined] }, 'JSON_VALUE', 'state.a[0]: undefined is not JSON'],
    [{ a: Number.NaN }, 'JSON_VALUE', 'state.a: NaN is not JSON'],
  ];
  for (const [initial, code, message] of refused) {
    test.row(`error.${code}`, `refused: ${message}`, async () => {
      await raises(() => new MemoryState(initial as JsonObject), { code, message });
    });
  }

  test('random programs agree with an array of pairs', () => {
    const firstSeed = Date.now() & 0xffff_ffff;
    const keys = ['a', 'b', '__proto__', 'constructor', '', '1'];
    for (let seed = firstSeed; seed < firstSeed + 200; seed++) {
      const random = new Random(seed);
      const state = new MemoryState();
      let model: [string, number][] = [];
      for (let call = 0; call < 10; call++) {
        const live = state.load();
        let next = [...model];
        for (let step = random.below(6); step > 0; step--) {
          const key = random.pick(keys);
          const value = random.below(100);
          live.set(key, value);
          next = [...next.filter(([name]) => name !== key), [key, value]];
        }
        if (random.below(2)) {
          state.commit(live);
          model = next;
        }
        const sorted = (pairs: [string, unknown][]) => pairs.sort(([a], [b]) => (a < b ? -1 : 1));
        equal(sorted(Object.entries(state.snapshot())), sorted([...model]), `seed ${seed}`);
      }
    }
  });
});

suite('state policies', test => {
  const returned = (policy: StatePolicy, state: JsonObject, written: string[]) => {
    const codes: string[] = [];
    const before: StateMap = new Map([
      ['old', 1],
      ['set', 1],
    ]);
    const draft = new DraftState(before);
    for (const key of written) draft.set(key, 2);
    draft.apply(state, policy, ({ code }) => codes.push(code));
    equal(Object.fromEntries(before), { old: 1, set: 1 });
    return [Object.fromEntries(draft.state), codes];
  };
  test('a state that stays the same is not copied', () => {
    const before: StateMap = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    const unchanged = (state: JsonObject, policy: StatePolicy = 'replace') => {
      const draft = new DraftState(before);
      draft.apply(state, policy, () => {});
      return draft.state === before;
    };
    is(unchanged({ a: 1, b: 2 }), true);
    is(unchanged({ b: 2, a: 1 }), false, 'another order');
    is(unchanged({ a: 1, b: -0 }), false);
    is(unchanged({ a: 1 }), false);
    is(unchanged({ a: 1, b: 2, c: 3 }), false);
    is(unchanged({}, 'merge'), true);
  });
  test('with replace and transactional, the returned state replaces all keys', () => {
    for (const policy of ['replace', 'transactional'] as const) {
      equal(returned(policy, { new: 3 }, []), [{ new: 3 }, []]);
      equal(returned(policy, { set: 3 }, ['set']), [{ set: 3 }, []]);
    }
  });
  test.row(
    ['upstream.10', 'error.STATE_WRITES_DISCARDED'],
    'writes that are lost when the state is replaced are reported',
    () => {
      equal(returned('replace', {}, ['set']), [{}, ['STATE_WRITES_DISCARDED']]);
      equal(returned('replace', { toString: 1 }, ['set']), [{ toString: 1 }, ['STATE_WRITES_DISCARDED']]);
    },
  );
  test.row('upstream.10', 'merge sets the returned keys, and keeps all others', () => {
    equal(returned('merge', { old: 5, new: 3 }, ['set']), [{ old: 5, set: 2, new: 3 }, []]);
    equal(returned('merge', {}, ['set']), [{ old: 1, set: 2 }, []]);
    equal(returned('merge', {}, []), [{ old: 1, set: 1 }, []]);
  });
  test('changedKeys returns the keys that are new, gone, or have another value', () => {
    const before: StateMap = new Map<string, JsonValue>(
      Object.entries({ same: [1], one: 1, gone: null, list: [1] }),
    );
    const after: StateMap = new Map<string, JsonValue>(
      Object.entries({ same: [1], one: new Float(1), list: [1, 2], new: null }),
    );
    equal(changedKeys(before, after).sort(), ['gone', 'list', 'new', 'one']);
  });
});
