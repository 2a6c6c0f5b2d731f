import type { Preparation } from './prepare.ts';

/** The facts that a build tool knows of a module that the platform compiles. */
export interface BuiltFacts {
  /** SHA-256 of the bytes that went into the build. */
  sha256: string;
  /** SHA-256 of the plugin's file. */
  fileSha256: string;
  /** The limits that the bytes keep. Left out: none. */
  prepared?: Preparation | undefined;
}

/** The facts of modules by module: a module that is not here has none. */
export const builtFacts = new WeakMap<WebAssembly.Module, BuiltFacts>();
