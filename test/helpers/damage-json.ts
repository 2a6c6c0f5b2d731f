import type { Random } from './random.ts';

const ODD: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e300, 2 ** 53, '', '0', 'x', 'constructor', '__proto__', [], {}, [[]]],
  ...['</script><script>alert(1)</script>', '\u001b[2J\u202e\u2028', '\ud800', "' onload='x", 'NaN'],
  ...[
    { i64: '5' },
    { text: 'y' },
    { i64: '18446744073709551615' },
    { base64: '***' },
    { text: 'x' },
    { f64: 'NaN' },
    'x'.repeat(5000),
  ],
];

type Holder = Record<string, unknown> | unknown[];
const isHolder = (value: unknown): value is Holder => typeof value === 'object' && value !== null;

/** Returns a copy of a JSON value, changed at a few random places: values replaced, left out, moved or repeated. */
export function damageJson<T>(random: Random, value: T): T {
  const copy = structuredClone(value);
  for (let times = random.below(4); times > 0; times--) {
    let holder = copy as unknown as Holder;
    for (;;) {
      const keys = Object.keys(holder);
      if (keys.length === 0) break;
      const key = random.pick(keys);
      const item = (holder as Record<string, unknown>)[key];
      if (isHolder(item) && random.below(8) > 0) {
        holder = item;
        continue;
      }
      change(random, holder, key);
      break;
    }
  }
  return copy;
}

function change(random: Random, holder: Holder, key: string): void {
  const named = holder as Record<string, unknown>;
  switch (random.below(4)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete named[key];
      break;
    case 1:
      if (Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(random.pick(holder)));
      else named[`${key}2`] = named[key];
      break;
    case 2:
      named[key] = alike(random, named[key]);
      break;
    default:
      named[key] = structuredClone(random.pick(ODD));
  }
}

/** Another value of the same type. */
function alike(random: Random, value: unknown): unknown {
  if (typeof value === 'number') return random.below(100);
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string') return value === null ? { text: 'y' } : null;
  return /^\d+$/.test(value) ? `${random.below(100)}` : random.pick(['', 'x', `${value}x`]);
}
