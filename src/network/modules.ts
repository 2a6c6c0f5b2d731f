import type { ModuleSource } from '../actor/engine/module-source.ts';
import { describe } from '../actor/errors.ts';
import type { ModuleLoader } from '../actor/module-loader.ts';
import { Sequence } from '../actor/sequence.ts';
import type { Modules } from './engine/network-engine.ts';
import { NetworkError } from './errors.ts';
import type { GraphInput } from './graph/graph.ts';
import type { NetworkSettings } from './network-options.ts';
import { checkPorts } from './parts.ts';

/** Replaces the modules of the components of a network. */
export class NetworkModules implements Modules {
  readonly #graph: GraphInput | readonly GraphInput[];
  readonly #settings: NetworkSettings;
  readonly #loader: ModuleLoader;
  readonly #makeLoader: () => ModuleLoader;
  readonly #replacing = new Sequence();
  /** Called after each replacement. */
  onReloaded: (component: string) => void = () => {};

  constructor(
    graph: GraphInput | readonly GraphInput[],
    settings: NetworkSettings,
    loader: ModuleLoader,
    makeLoader: () => ModuleLoader,
  ) {
    this.#graph = graph;
    this.#settings = settings;
    this.#loader = loader;
    this.#makeLoader = makeLoader;
  }

  sha256Of(component: string): string | null | undefined {
    return this.#settings.components.get(component)?.kind === 'module'
      ? this.#loader.get(component)?.sha256
      : undefined;
  }

  /**
   * Replaces the module of a component. Calls take effect in their order, although a later module may be ready earlier.
   * @param checkOpen called before the replacement
   */
  reload(component: string, source: ModuleSource, checkOpen: () => void): Promise<void> {
    // At once: the caller may change the bytes afterwards.
    const preparing = this.prepare(component, source);
    preparing.catch(() => {});
    return this.#replacing.run(async () => {
      const replace = await preparing;
      checkOpen();
      await replace();
    });
  }

  async prepare(component: string, source: ModuleSource): Promise<() => Promise<void>> {
    if (this.sha256Of(component) === undefined) {
      const modules = [...this.#settings.components.keys()].filter(name => this.sha256Of(name) !== undefined);
      throw new NetworkError(
        'UNKNOWN_COMPONENT',
        `reload: no node runs a module ${describe(component)}; there are ${modules.map(name => describe(name)).join(', ') || 'none'}`,
      );
    }
    // The module is validated and its ports are checked before any node gets it.
    const { entryPoint } = this.#loader.get(component)!;
    const next = await this.#makeLoader().load(component, source, { entryPoint });
    checkPorts(this.#graph, this.#settings, component, next.metadata);
    return async () => {
      await this.#loader.reload(component, next.source);
      this.onReloaded(component);
    };
  }
}
