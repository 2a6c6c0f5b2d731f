/** An export that may be a start function. */
export interface StartFunction {
  name: string;
  args: readonly number[];
  /** Matches its wasm type as `formatType` writes it. A function of another type is an ordinary export. */
  type: RegExp;
}

const INITIALIZE: StartFunction = { name: '_initialize', args: [], type: /^\(\) -> \(\)$/ };
const CONSTRUCTORS: StartFunction = { name: '__wasm_call_ctors', args: [], type: /^\(\) -> \(\)$/ };
/** Any result type is accepted: the native runtime ignores the result. */
const HASKELL: StartFunction = { name: 'hs_init', args: [0, 0], type: /^\(i32, i32\) ->/ };

/**
 * Chooses the start functions among the exports that `has` finds, in the order of their calls. Haskell's runtime needs
 * `_initialize` before `hs_init(argc, argv)`. Otherwise `__wasm_call_ctors` is preferred, as in the native runtime: a
 * reactor's `_initialize` would call it. A command's `_start` runs only when called by name.
 */
export function chooseStartFunctions(has: (candidate: StartFunction) => boolean): StartFunction[] {
  const initialize = has(INITIALIZE) ? [INITIALIZE] : [];
  if (has(HASKELL)) return [...initialize, HASKELL];
  return has(CONSTRUCTORS) ? [CONSTRUCTORS] : initialize;
}
