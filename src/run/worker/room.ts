/**
 * Makes a memory, for which V8 collects the unused memories of this thread if the process has no addresses left. In Chromium some
 * hundred memories use them up, and a thread that finds none collects only its own.
 */
export function makeRoom(): void {
  new WebAssembly.Memory({ initial: 0 });
}
