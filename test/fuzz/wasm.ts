import { checkCut, checkRead, checkTransformed } from '../contract/modules.ts';
import { damage, randomModule } from '../helpers/random-module.ts';
import type { Target } from './target.ts';

export const toHex = (bytes: Uint8Array) =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
export const fromHex = (text: string) =>
  Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );

/** Damaged modules, as hexadecimal digits. */
export const reader: Target<string> = {
  name: 'reader',
  make: random => toHex(damage(random, randomModule(random).bytes)),
  check: wasm => void checkRead(fromHex(wasm)),
};

/** Valid modules, as hexadecimal digits. The functions of an endless one may run for ever. */
export const meter: Target<{ endless: boolean; wasm: string }> = {
  name: 'meter',
  make: random => {
    const endless = random.below(3) === 0;
    return { endless, wasm: toHex(randomModule(random, { endless }).bytes) };
  },
  check: ({ endless, wasm }) => (endless ? checkCut : checkTransformed)(fromHex(wasm)),
};
