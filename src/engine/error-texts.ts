import { isError } from '../../abi/brands.ts';

/** The meaning of an engine's own error, which has no code. */
type Meaning = 'stack overflow' | 'no room for a memory' | 'out of memory' | 'too large at once';

interface EngineText {
  meaning: Meaning;
  text: RegExp;
  /** Name of the error's class; any class where it is left out. */
  class?: 'RangeError';
}

/** The texts of engines' errors. The first row that matches decides. Only this file reads such texts. */
export const ENGINE_TEXTS: readonly EngineText[] = [
  // V8 and JSC, a RangeError: "Maximum call stack size exceeded", "Maximum call stack size exceeded."
  { meaning: 'stack overflow', text: /call stack/i },
  // SpiderMonkey, an InternalError.
  { meaning: 'stack overflow', text: /^too much recursion/i },
  // Chromium, a RangeError: "WebAssembly.Instance is disallowed on the main thread, if the buffer size is larger than 8MB. …".
  { meaning: 'too large at once', text: /^WebAssembly\.\w+ is disallowed on the main thread/ },
  // V8, a RangeError: "WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance".
  { meaning: 'no room for a memory', text: /^WebAssembly\.Instance\(\): Out of memory/ },
  // V8 in Node, an Error: "Cannot create a string longer than 0x1fffffe8 characters".
  { meaning: 'out of memory', text: /string longer/i },
  // V8 and SpiderMonkey: "Array buffer allocation failed"; "allocation size overflow", an InternalError.
  { meaning: 'out of memory', text: /allocation/i },
  // V8: "Invalid string length", "Map maximum size exceeded". JSC: "Out of memory", "Array size is not a small enough positive
  // integer". SpiderMonkey: "repeat count must be less than infinity and not overflow maximum string size".
  { meaning: 'out of memory', class: 'RangeError', text: /memory|length|size|large/i },
];

/**
 * The traps of the core specification, by the texts that engines give a RuntimeError. The first row that matches decides. Where one
 * engine does not tell two traps apart, they have one text here: a plugin fails with the same text on every engine.
 * RATIONALE: why-do-some-traps-share-a-text
 */
export const TRAPS: readonly (readonly [trap: string, text: RegExp])[] = [
  // "unreachable", "Unreachable code should not be executed", "unreachable executed".
  ['unreachable', /^unreachable/i],
  // "divide by zero", "remainder by zero"; "Division by zero"; "integer divide by zero".
  ['integer divide by zero', /^[a-z ]+ by zero/i],
  // V8 says "float unrepresentable in integer range" for both, SpiderMonkey "integer overflow" for a division too.
  [
    'integer overflow or invalid conversion to integer',
    /unrepresentable|^integer overflow|^out of bounds trunc|^invalid conversion/i,
  ],
  // SpiderMonkey says "index out of bounds" for a memory access, an indirect call and an array access.
  ['out of bounds memory access, table access or array access', /out of bounds/i],
  // V8 may say "null function or function signature mismatch"; JSC says "to a signature that does not match" for both.
  [
    'uninitialized element or indirect call type mismatch',
    /signature|^null function|call to null|null table entry/i,
  ],
  // "dereferencing a null pointer", "rethrowing null value"; "access to a null reference"; "dereferencing null pointer".
  ['null reference', /null (pointer|reference|value)/i],
  // "illegal cast"; "ref.cast failed to cast reference to target heap type"; "bad cast".
  ['cast failure', /^(illegal|bad) cast|^ref\.cast/i],
];

/** Text of a wasm exception that no code of the plugin has caught. It is not an Error, and has no other text. */
const EXCEPTION = '[object WebAssembly.Exception]';

/** Returns, in words that are the same on every engine, why a plugin ended; undefined for an error that is not wasm's own. */
export function whyEnded(thrown: unknown): string | undefined {
  try {
    if (String(isError(thrown) ? thrown.message : thrown) === EXCEPTION)
      return 'the plugin threw an exception that it did not catch; let it catch all, and set an error text';
    if (!isError(thrown) || thrown.name !== 'RuntimeError') return undefined;
    const { message } = thrown;
    const trap = TRAPS.find(([, text]) => text.test(message))?.[0];
    return `the plugin trapped: ${trap ?? 'see the cause'}`;
  } catch {
    return undefined;
  }
}

function meaningOf(thrown: unknown): Meaning | undefined {
  try {
    if (!isError(thrown)) return undefined;
    const { name, message } = thrown;
    const fits = ({ text, class: of }: EngineText) => (of ?? name) === name && text.test(message);
    return ENGINE_TEXTS.find(fits)?.meaning;
  } catch {
    // A foreign value: a getter or a proxy threw.
    return undefined;
  }
}

/** Whether the call stack overflowed. */
export const isStackOverflow = (thrown: unknown): thrown is Error => meaningOf(thrown) === 'stack overflow';

/** Whether the engine compiles such a module, or makes its instance, only in its own time. */
export const isTooLargeAtOnce = (thrown: unknown): thrown is Error =>
  meaningOf(thrown) === 'too large at once';

/** Whether the engine found no room for the memory of an instance, of which no code has run. */
export const lacksRoomForMemory = (thrown: unknown): thrown is Error =>
  meaningOf(thrown) === 'no room for a memory';

/** Whether a string or buffer was too large for the engine. */
export const isOutOfMemory = (thrown: unknown): thrown is Error =>
  lacksRoomForMemory(thrown) || meaningOf(thrown) === 'out of memory';
