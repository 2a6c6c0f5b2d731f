import { CreateError } from '../errors.ts';
import { webPlatform } from '../platform/web.ts';
import { hexOfSha256 } from '../source.ts';
import { ScriptActor } from './actor.ts';
import type { ScriptConfig } from './config.ts';
import { type EngineOptions, ExtismEngine } from './engine.ts';
import { ActorError, describe } from './errors.ts';
import { readLimits } from './limits.ts';
import type { PluginMetadata } from './metadata.ts';
import type { Protocol } from './protocol.ts';
import { type ModuleSource, readModuleSource } from './read-module.ts';
import type { ActorOptions } from './settings.ts';

/** A module that was found fit to be an actor. */
export interface ActorModule {
  readonly name: string;
  readonly source: Uint8Array | WebAssembly.Module;
  readonly entryPoint: string;
  /** Of the bytes; null for a compiled module, whose bytes cannot be seen. */
  readonly sha256: string | null;
  readonly metadata: PluginMetadata | null;
  readonly version: string | null;
  readonly protocol: Protocol;
}

/** What every actor gets, and modules are validated with. */
export interface LoaderOptions extends EngineOptions {
  /** Reads a file, for modules that are given by their path. Default: as the platform has it. */
  readFile?: ((path: string) => Promise<Uint8Array>) | undefined;
}

export interface LoadOptions {
  /** Default: `process`. */
  entryPoint?: string | undefined;
  /** The SHA-256 that the bytes must have, 64 hexadecimal digits. */
  sha256?: string | undefined;
}

/** Loads modules, validates them, and keeps them by name, so that actors can be made of them, and be reloaded. */
export class ModuleLoader {
  readonly #options: EngineOptions;
  readonly #readFile: LoaderOptions['readFile'];
  readonly #modules = new Map<string, ActorModule>();
  readonly #actors = new Map<string, Set<ScriptActor>>();
  /** Settles with the latest reload. Never rejects. */
  #reloads: Promise<unknown> = Promise.resolve();

  constructor({ readFile, ...options }: LoaderOptions = {}) {
    this.#options = options;
    const { platform } = options;
    this.#readFile = readFile ?? (platform?.readFile && (path => platform.readFile!(path)));
  }

  /**
   * Reads and validates a module, and registers it, in the place of another one of that name; actors that run that one go
   * on with it. Bytes that are registered already, whatever the name, are not validated again.
   * @throws {ModuleError} for a module that cannot be an actor
   * @throws {CreateError} SOURCE_UNAVAILABLE, HASH_MISMATCH, and for options that are wrong
   */
  async load(name: string, source: ModuleSource, options: LoadOptions = {}): Promise<ActorModule> {
    const module = await this.#validate(name, source, options);
    this.#modules.set(name, module);
    return module;
  }

  get(name: string): ActorModule | undefined {
    return this.#modules.get(name);
  }

  get names(): string[] {
    return [...this.#modules.keys()];
  }

  /** Forgets a module; its actors go on. Answers whether there was one. */
  remove(name: string): boolean {
    return this.#modules.delete(name);
  }

  /** @throws {ActorError} UNKNOWN_MODULE; what `ScriptActor.create` throws */
  async createActor(name: string, options: ActorOptions = {}): Promise<ScriptActor> {
    const { source, entryPoint } = this.#known(name);
    const actor = await this.make({ source, entryPoint }, { ...this.#options, ...options });
    const actors = this.#actors.get(name) ?? new Set();
    this.#actors.set(name, actors.add(actor));
    actor.subscribe(event => {
      if (event.type === 'phase' && event.phase === 'stopped') actors.delete(actor);
    });
    return actor;
  }

  /** Makes an actor, of the class that belongs to this one. */
  protected make(scriptConfig: ScriptConfig, options: ActorOptions): Promise<ScriptActor> {
    return ScriptActor.create(scriptConfig, options);
  }

  /**
   * Puts another module in the place of a registered one, and in all actors that were made of it here, each between two of
   * its messages. When the module, or one of the actors, refuses it, all go on with the old one.
   * @throws what `load` and `ScriptActor.reload` throw; {ActorError} UNKNOWN_MODULE
   */
  reload(
    name: string,
    source: ModuleSource,
    options: Omit<LoadOptions, 'entryPoint'> = {},
  ): Promise<ActorModule> {
    const turn = this.#reloads.then(() => this.#reload(name, source, options));
    this.#reloads = turn.catch(() => {});
    return turn;
  }

  async #reload(name: string, source: ModuleSource, options: LoadOptions): Promise<ActorModule> {
    const old = this.#known(name);
    const module = await this.#validate(name, source, { ...options, entryPoint: old.entryPoint });
    const actors = [...(this.#actors.get(name) ?? [])];
    const outcomes = await Promise.allSettled(actors.map(actor => actor.reload(module.source)));
    const failed = outcomes.find(outcome => outcome.status === 'rejected' && !isStopped(outcome.reason));
    if (failed?.status === 'rejected') {
      const reloaded = actors.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      await Promise.allSettled(reloaded.map(actor => actor.reload(old.source)));
      throw failed.reason;
    }
    this.#modules.set(name, module);
    return module;
  }

  async #validate(name: string, given: ModuleSource, options: LoadOptions): Promise<ActorModule> {
    const { entryPoint = 'process', sha256: wanted } = options;
    const { platform = webPlatform, fetch = platform.fetch } = this.#options;
    const maxBytes = readLimits(this.#options.limits).moduleBytes;
    const source = await readModuleSource(given, { readFile: this.#readFile, fetch, maxBytes });
    const sha256 = source instanceof Uint8Array ? await hexOfSha256(platform, source) : null;
    if (wanted !== undefined && sha256 !== wanted.toLowerCase()) {
      const has =
        sha256 === null ? 'a compiled module has none that can be seen' : `the bytes have ${sha256}`;
      throw new CreateError(
        'HASH_MISMATCH',
        `module ${describe(name)}: expected the SHA-256 ${wanted}, but ${has}`,
      );
    }
    const known = [...this.#modules.values()].find(
      module => sha256 !== null && module.sha256 === sha256 && module.entryPoint === entryPoint,
    );
    if (known) return Object.freeze({ ...known, name });
    const engine = await ExtismEngine.create({ source, entryPoint }, { ...this.#options, name });
    const { metadata, version, protocol } = engine;
    await engine.close();
    return Object.freeze({ name, source, entryPoint, sha256, metadata, version, protocol });
  }

  #known(name: string): ActorModule {
    const module = this.#modules.get(name);
    if (module) return module;
    const message = `no module is registered as ${describe(name)}; there are ${this.names.join(', ') || 'none'}`;
    throw new ActorError('UNKNOWN_MODULE', message);
  }
}

const isStopped = (error: unknown) => error instanceof ActorError && error.code === 'ACTOR_STOPPED';
