/** An export that may be a start function. */
export interface StartFunction {
  name: string;
  args: readonly number[];
  /** Its wasm type, as `formatType` writes it. What is of another type is an export like any other. */
  type: RegExp;
}

const INITIALIZE: StartFunction = { name: '_initialize', args: [], type: /^\(\) -> \(\)$/ };
const CONSTRUCTORS: StartFunction = { name: '__wasm_call_ctors', args: [], type: /^\(\) -> \(\)$/ };
/** Whatever it answers, natively nobody looks at it. */
const HASKELL: StartFunction = { name: 'hs_init', args: [0, 0], type: /^\(i32, i32\) ->/ };

/**
 * Which of the exports that `has` finds are to be called, in order. Haskell's runtime wants `_initialize` before
 * `hs_init(argc, argv)`. Otherwise `__wasm_call_ctors` is preferred, as natively: it is what `_initialize` of a reactor
 * calls. A command's `_start` runs only when called by name.
 */
export function chooseStartFunctions(has: (candidate: StartFunction) => boolean): StartFunction[] {
  const initialize = has(INITIALIZE) ? [INITIALIZE] : [];
  if (has(HASKELL)) return [...initialize, HASKELL];
  return has(CONSTRUCTORS) ? [CONSTRUCTORS] : initialize;
}
