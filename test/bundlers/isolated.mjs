// Workers share memory only in isolated pages. Deno has workers as browsers do, and no pages.
globalThis.crossOriginIsolated = true;
