/** The facts that a build tool knows of a module that the platform compiles. */
export interface BuiltFacts {
  /** SHA-256 of the bytes that went into the build. */
  sha256: string;
  /** SHA-256 of the plugin's file. */
  fileSha256: string;
}

const table = new WeakMap<WebAssembly.Module, BuiltFacts>();

/**
 * Notes the hashes of a compiled module, whose bytes cannot be read. Called by the wrappers that plugboard/esbuild and
 * plugboard/vite print. @experimental
 */
export function builtModule(module: WebAssembly.Module, facts: BuiltFacts): WebAssembly.Module {
  table.set(module, Object.freeze({ ...facts }));
  return module;
}

export const builtFacts = (module: WebAssembly.Module): BuiltFacts | undefined => table.get(module);
