import type { createPlugin, PluginOptions } from '../node.ts';

export interface PlugboardTerms {
  create: typeof createPlugin;
  /** Returns a module by its path below the folder of the cases; compiled where bytes cannot be. */
  read(path: string): Uint8Array<ArrayBuffer> | WebAssembly.Module;
  /** Options for each plugin, such as `kernel`. */
  options?: Pick<PluginOptions, 'kernel' | 'accessors' | 'record' | 'trace' | 'runInWorker'>;
  version: string;
  /** Features besides CAPABILITIES. */
  more?: readonly string[];
}
