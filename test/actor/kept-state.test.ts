import { type ActorResult, readResult } from '../../src/actor/engine/result.ts';
import { type ActorDiagnostic, ActorError } from '../../src/actor/errors.ts';
import { KnownMembers } from '../../src/actor/json/reader.ts';
import type { JsonObject, JsonValue } from '../../src/actor/json/value.ts';
import { writeText } from '../../src/actor/json/writer.ts';
import { byteLength, type Codec, jsonCodec } from '../../src/actor/message/codec.ts';
import type { StateMap } from '../../src/actor/state/state-store.ts';
import { type ActorState, writeState } from '../../src/actor/state/written-state.ts';
import { msgpack } from '../../src/msgpack/index.ts';
import { equal, inContext, is, ok, raises } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { KEYS, randomJson } from './random-message.ts';

const STATE_KEYS = [...KEYS, '7', '10', '2x', 'é', 'a key of more than thirteen characters', 'state'];

/** Changes some keys of a state: sets, removes, and puts at the end. */
function change(state: StateMap, random: Random): StateMap {
  const next: StateMap = new Map(state);
  for (let step = random.below(4); step > 0; step--) {
    const key = random.pick(STATE_KEYS);
    if (random.below(2)) next.delete(key);
    if (random.below(3)) next.set(key, randomJson(random, 3));
  }
  return next;
}

/** Writes a value as plugins may: with white space, escapes, or a key twice. */
function otherText(value: JsonValue, random: Random): string {
  const text = writeText(value);
  const forms = [
    text,
    ` ${text}\n`,
    text.replaceAll('é', '\\u00e9'),
    text.replaceAll('{}', '{"a":[],"a":1}'),
    text.replaceAll(',', ' , '),
  ];
  return random.pick(forms);
}

/** A result, or the error of a reader. The text stands for the result: assertions fail for objects with a key `constructor`. */
function outcome(read: () => ActorResult): { text: string; state: JsonObject } {
  try {
    const { outputs, state = {} } = read();
    return { text: writeText({ outputs, state }), state };
  } catch (error) {
    if (!(error instanceof ActorError)) throw error;
    return { text: `${error.code} ${error.message}`, state: {} };
  }
}

suite('state that is kept between calls', test => {
  const codecs: Codec[] = [jsonCodec, msgpack];
  for (const codec of codecs) {
    test(`random states are written in ${codec.encoding} as if nothing had been kept`, () => {
      const firstSeed = Date.now() & 0xffff_ffff;
      for (let seed = firstSeed; seed < firstSeed + 100; seed++) {
        const random = new Random(seed);
        let state: StateMap = new Map();
        let before: ActorState | undefined;
        for (let call = 0; call < 8; call++) {
          state = change(state, random);
          before = writeState(state, codec, before);
          const { part, bytes } = before;
          inContext(`seed ${seed}`, () => {
            equal(part, codec.write(Object.fromEntries(state), ['state']));
            is(bytes, byteLength(part));
          });
        }
      }
    });
  }

  test('a value that did not change is not written again', () => {
    const written: unknown[] = [];
    const codec: Codec = {
      ...jsonCodec,
      write(value, path) {
        written.push(path.at(-1));
        return jsonCodec.write(value, path);
      },
    };
    const large = { list: [1, 2, 3] };
    const first = writeState(new Map<string, JsonValue>(Object.entries({ large, n: 1 })), codec);
    const second = writeState(new Map<string, JsonValue>(Object.entries({ n: 2, large })), codec, first);
    equal(written, ['large', 'n', 'n']);
    is(second.part, '{"n":2,"large":{"list":[1,2,3]}}');
    is(writeState(second.state, msgpack, second).bytes, msgpack.write({ n: 2, large }, []).length);
  });

  test('errors of a state name the same place as before', async () => {
    const first = writeState(new Map([['a', 1]]));
    const wrong: [state: StateMap, code: string, message: string][] = [
      [new Map([['a', Number.NaN]]), 'JSON_VALUE', 'state.a: NaN is not JSON'],
      [new Map([['\ud800', 1]]), 'JSON_VALUE', 'state: a string with half a surrogate pair is not JSON'],
    ];
    for (const [state, code, message] of wrong)
      await raises(() => writeState(state, jsonCodec, first), { code, message });
  });

  test('random results are read as if nothing had been kept, and so are broken ones', () => {
    const firstSeed = Date.now() & 0xffff_ffff;
    let kept = 0;
    for (let seed = firstSeed; seed < firstSeed + 200; seed++) {
      const random = new Random(seed);
      const known = new KnownMembers('state');
      let state: StateMap = new Map();
      let texts = new Map<string, string>();
      let last: JsonObject = {};
      for (let call = 0; call < 8; call++) {
        const next = change(state, random);
        texts = new Map(
          [...next].map(([key, value]) => {
            const isSame = state.get(key) === value && random.below(8) > 0;
            return [key, (isSame && texts.get(key)) || otherText(value, random)];
          }),
        );
        state = next;
        const members = [...texts].map(([key, text]) => `${writeText(key)}:${text}`).join();
        let text = `{"outputs":{"state":{"type":"Flow"}},"state":{${members}}}`;
        const form = random.below(4);
        if (form === 0) text = JSON.stringify(btoa(unescape(encodeURIComponent(text))));
        else if (form === 1) {
          const at = random.below(text.length);
          text = text.slice(0, at) + random.pick([...'0x"{}[],:\\ ']) + text.slice(at + random.below(2));
        }
        const bytes = new TextEncoder().encode(text);
        const [reports, plainReports]: ActorDiagnostic[][] = [[], []];
        const read = outcome(() => readResult(bytes, report => reports!.push(report), jsonCodec, known));
        const plain = outcome(() => readResult(bytes, report => plainReports!.push(report)));
        inContext(`seed ${seed}, ${text}`, () => equal([read.text, reports], [plain.text, plainReports]));
        const now = read.state;
        const isObject = (value: JsonValue | undefined) => typeof value === 'object' && value !== null;
        kept += Object.keys(now).filter(key => isObject(now[key]) && now[key] === last[key]).length;
        last = now;
      }
    }
    ok(kept > 100, `${kept} values were kept`);
  });

  test('an object with the same text is the same again, unless it would hold a far longer text', () => {
    const known = new KnownMembers('state');
    const after = (outputs: string, state: string) => {
      const bytes = new TextEncoder().encode(`{"outputs":{${outputs}},"state":${state}}`);
      const read = readResult(bytes, () => {}, jsonCodec, known).state!;
      return { value: read, isKept: known.latest?.value === read };
    };
    const output = (characters: number) => `"out":{"type":"String","data":"${'x'.repeat(characters)}"}`;
    const [long, tooLong] = [output(4000), output(4096)];
    const second = after('', '{"a":[1]}');
    is(second.isKept, true);
    is(after('', '{"a":[1]}').value, second.value, 'the same text');
    is(after(long, '{"a":[1]}').value, second.value, 'a longer text');
    const third = after(long, '{"a":[1],"b":2}');
    is(third.value === second.value, false, 'one more member');
    is(third.value.a, second.value.a);
    const fourth = after(long, '{"a":[2],"b":2}');
    equal(fourth.value, { a: [2], b: 2 }, 'another value');
    equal(after(long, '{"b":2}').value, { b: 2 }, 'a removed member');
    is(after(tooLong, '{"b":3}').isKept, false, 'a state of few characters');
    is(known.latest, undefined);
    is(after(output(4096), `{"b":"${'y'.repeat(1500)}"}`).isKept, true, 'a state of a quarter');
  });

  test('a number that goes on behind its old text is read anew', () => {
    const known = new KnownMembers('state');
    const values = ['1', '12', '1', '1.5', '1e2', '1', '-1'].map(text => {
      const bytes = new TextEncoder().encode(`{"outputs":{},"state":{"n":${text}}}`);
      return writeText(readResult(bytes, () => {}, jsonCodec, known).state!.n);
    });
    equal(values, ['1', '12', '1', '1.5', '100.0', '1', '-1']);
  });

  test('bytes of a text are counted as they are encoded: random units, with surrogates in pairs and alone', () => {
    const random = new Random(1);
    const units = [0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff];
    for (const length of [0, 1, 2, 3, 50, 999, 1000, 1001, 5000])
      for (let round = 0; round < 30; round++) {
        const text = Array.from({ length }, () => String.fromCharCode(random.pick(units))).join('');
        is(byteLength(text), new TextEncoder().encode(text).length, JSON.stringify(text.slice(0, 50)));
      }
  });
});
