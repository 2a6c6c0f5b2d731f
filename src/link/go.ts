// Standard Go compiles to wasm in ways of its own, with faults that are hard to guess from a trap or a missing export.

/** Text of the section `producers` of a module made by standard Go, not by TinyGo. */
export const GO_COMPILER = 'Go cmd/compile';
const MAX_BYTES = 1000;

export const isStandardGo = (module: WebAssembly.Module): boolean =>
  WebAssembly.Module.customSections(module, 'producers').some(contents =>
    String.fromCharCode(...new Uint8Array(contents).subarray(0, MAX_BYTES)).includes(GO_COMPILER),
  );

export const GO_EXPORT_HINT =
  'Go exports functions marked //go:wasmexport, not //export; build it with Go 1.24 and -buildmode=c-shared';

export const GO_COMMAND_HINT = 'build it with -buildmode=c-shared, or use //export with TinyGo';

/** Go prints the reason of its trap on stderr, but not how to fix it. */
const NOT_RUNNING = /called (before runtime initialization|after main\.main returned)/;

/** Returns the advice for a trap of a Go command, whose lines on stderr show the reason; else an empty text. */
export const adviceOnGo = (stderr: readonly string[]): string =>
  stderr.some(line => NOT_RUNNING.test(line))
    ? `; exports of a Go command trap, as Go runs only in _start: ${GO_COMMAND_HINT}`
    : '';
