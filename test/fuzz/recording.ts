import { replay } from '../../src/audit/index.ts';
import { PlugboardError } from '../../src/errors.ts';
import { ok } from '../helpers/assert.ts';
import { damageJson } from '../helpers/damage-json.ts';
import { asks, file, host, i64, RECORDED, stat } from '../replay/example.ts';
import type { Target } from './target.ts';

const RECORDINGS = [
  RECORDED,
  asks('time', { kind: 'now', clock: 0, ns: i64(5) }),
  asks('random', { kind: 'random', bytes: { text: '8 bytes.' } }),
  asks('stat', file(stat)),
  asks('give', host({ result: i64(7), operations: [{ call: 'alloc', args: [i64(8)], handle: i64(64) }] })),
].map(text => JSON.parse(text) as unknown);

/** Damaged recordings: each is refused or replayed. */
export const recording: Target<string> = {
  name: 'recording',
  make: random => {
    const text = JSON.stringify(damageJson(random, random.pick(RECORDINGS)));
    return random.below(8) ? text : text.slice(0, random.below(text.length));
  },
  check: async text => {
    try {
      const { calls, recorded, isSame } = await replay(text, { timeoutMs: 100, verify: 'memory' });
      ok(calls.length <= recorded + 1 && typeof isSame === 'boolean');
    } catch (error) {
      ok(error instanceof PlugboardError, String(error));
    }
  },
};
