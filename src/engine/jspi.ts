type Imported = (...args: never[]) => Promise<unknown>;
type Exported = (...args: never[]) => unknown;

/** JavaScript Promise Integration, which TypeScript's libraries do not declare yet. */
interface Jspi {
  Suspending: new (fn: Imported) => WebAssembly.ImportValue;
  promising(fn: Exported): (...args: unknown[]) => Promise<unknown>;
}

// `node --jitless` has no WebAssembly.
const { Suspending, promising } = (globalThis.WebAssembly ?? {}) as unknown as Partial<Jspi>;

/** The engine's functions for suspending a plugin while an import waits; null if it has none. */
export const jspi: Jspi | null = Suspending && promising ? { Suspending, promising } : null;
