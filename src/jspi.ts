type Imported = (...args: never[]) => Promise<unknown>;
type Exported = (...args: never[]) => unknown;

/** JavaScript Promise Integration, which TypeScript's libraries do not declare yet. */
interface Jspi {
  Suspending: new (fn: Imported) => WebAssembly.ImportValue;
  promising(fn: Exported): (...args: unknown[]) => Promise<unknown>;
}

const { Suspending, promising } = WebAssembly as unknown as Partial<Jspi>;

/** How this engine suspends a plugin while an import waits; null where it cannot. */
export const jspi: Jspi | null = Suspending && promising ? { Suspending, promising } : null;
