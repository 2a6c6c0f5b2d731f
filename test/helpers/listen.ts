import type { ImportListener, TracedPlugin } from '../../src/host/listener.ts';
import type { PluginOptions } from '../../src/node.ts';

/** Returns options of a plugin whose calls of imports go to `listener`. */
export const listenToImports = (options: PluginOptions, listener: ImportListener): PluginOptions => ({
  ...options,
  trace: {
    events: 0,
    dropped: 0,
    failures: 0,
    attach: (_: TracedPlugin) => ({ listener, begin: () => {}, end: () => {} }),
  },
});
