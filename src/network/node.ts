import type { LoaderOptions, ModuleLoader } from '../actor/module-loader.ts';
import { ModuleLoader as LoaderOnNode } from '../actor/node.ts';
import { readInside } from '../platform/node-inside.ts';
import { Network as AnyNetwork } from './network.ts';

export * from './index.ts';
export { JournalEngine } from './journal/journal-engine.ts';

/** A graph of actors that runs in this process. Its modules may be files of Node, Deno and Bun. */
export class Network extends AnyNetwork {
  protected static override readonly readInside = readInside;

  protected static override loader(options: LoaderOptions): ModuleLoader {
    return new LoaderOnNode(options);
  }
}
