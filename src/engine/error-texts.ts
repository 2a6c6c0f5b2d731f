import { isError } from '../../abi/brands.ts';

/** The meaning of an engine's own error, which has no code. */
type Meaning = 'stack overflow' | 'out of memory';

interface EngineText {
  meaning: Meaning;
  /** The engines that throw it. */
  engines: string;
  /** Matches the message; `class` decides alone where it is left out. */
  text?: RegExp;
  class?: 'RangeError';
}

/** The texts of engines' errors. The first row that matches decides. Only this file reads such texts. */
export const ENGINE_TEXTS: readonly EngineText[] = [
  // RangeError in both: "Maximum call stack size exceeded", "Maximum call stack size exceeded."
  { meaning: 'stack overflow', engines: 'V8, JSC', text: /call stack/i },
  // InternalError.
  { meaning: 'stack overflow', engines: 'SpiderMonkey', text: /^too much recursion/i },
  // "Cannot create a string longer than 0x1fffffe8 characters", class Error on Node.
  { meaning: 'out of memory', engines: 'V8 in Node', text: /string longer/i },
  // "Array buffer allocation failed", "allocation size overflow"; SpiderMonkey throws InternalError.
  { meaning: 'out of memory', engines: 'V8, SpiderMonkey', text: /allocation/i },
  // All others are of this class: "Invalid string length", "Out of memory", "Invalid array length".
  { meaning: 'out of memory', engines: 'V8, JSC', class: 'RangeError' },
];

function meaningOf(thrown: unknown): Meaning | undefined {
  try {
    if (!isError(thrown)) return undefined;
    const { name, message } = thrown;
    const fits = ({ text, class: of }: EngineText) => (of ?? name) === name && (text?.test(message) ?? true);
    return ENGINE_TEXTS.find(fits)?.meaning;
  } catch {
    // A foreign value: a getter or a proxy threw.
    return undefined;
  }
}

/** Whether the call stack overflowed. */
export const isStackOverflow = (thrown: unknown): thrown is Error => meaningOf(thrown) === 'stack overflow';

/** Whether a string or buffer was too large for the engine. */
export const isOutOfMemory = (thrown: unknown): thrown is Error => meaningOf(thrown) === 'out of memory';
