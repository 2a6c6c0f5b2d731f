import { isEqual } from '../../src/wasm/bytes.ts';
import { ok } from './assert.ts';

import { Random } from './random.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A module before and after a transform, and the checker of the transform. */
export interface Transformed {
  readonly before: Bytes;
  readonly after: Bytes;
  readonly check: (before: Bytes, after: Bytes) => boolean;
}

/** The bytes with a mistake: a byte changed, some left out, some doubled, some turned round. May be the same bytes. */
function withFault(random: Random, bytes: Bytes): Bytes {
  const at = random.below(bytes.length);
  const length = 1 + random.below(12);
  const faults: (() => Uint8Array)[] = [
    () => bytes.map((byte, index) => (index === at ? byte ^ (1 + random.below(255)) : byte)),
    () => Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)]),
    () => Uint8Array.from([...bytes.subarray(0, at + length), ...bytes.subarray(at)]),
    () =>
      Uint8Array.from([
        ...bytes.subarray(0, at),
        ...bytes.subarray(at, at + length).toReversed(),
        ...bytes.subarray(at + length),
      ]),
  ];
  return random.pick(faults)() as Bytes;
}

/** Makes a mistake for each seed in one of the cases, which its checker must find. */
export function checkSeededFaults(cases: readonly Transformed[], seeds = 500): void {
  for (const { before, after, check } of cases) ok(check(before, after), 'without a fault');
  for (let seed = 0; seed < seeds; seed++) {
    const random = new Random(seed);
    const { before, after, check } = random.pick(cases);
    const faulty = withFault(random, after);
    if (!isEqual(faulty, after)) ok(!check(before, faulty), `seed ${seed}`);
  }
}
