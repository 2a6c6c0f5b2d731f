/** A module's call of a function of the host: of the kernel, of WASI, or one that the user gave. */
export interface ImportCall {
  /** Name of the module that makes the call. */
  module: string;
  namespace: string;
  name: string;
  /** As the wasm boundary passes them: i64 as `bigint`, the other numbers as `number`. */
  args: readonly unknown[];
}

/** The result, undefined for none, or the error that ends the module's code like a trap. */
export type ImportOutcome = { result: unknown } | { error: unknown };

/**
 * Gets each call before its function runs. Returns a function that gets the outcome, or undefined. An error that either of
 * them throws ends the plugin's call.
 */
export type ImportListener = (call: ImportCall) => ((outcome: ImportOutcome) => void) | undefined;

const listeners = new WeakMap<object, ImportListener>();

/** Sets the listener of plugins that are created with this options object. Internal, until an option sets it. */
export function listenToImports<Options extends object>(options: Options, listener: ImportListener): Options {
  listeners.set(options, listener);
  return options;
}

export const importListenerOf = (options: object | undefined): ImportListener | undefined =>
  options && listeners.get(options);
