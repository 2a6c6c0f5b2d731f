import {
  aFunction,
  aText,
  kind,
  type OptionTable,
  orNull,
  readArgument,
  readOptions,
} from '../../wasi/options.ts';
import { CreateError } from '../errors.ts';
import { compiledBefore } from '../module/cache.ts';
import { hexOfSha256, hexOfSha256IfPossible } from '../module/source.ts';
import { webPlatform } from '../platform/web.ts';
import { ScriptActor } from './actor.ts';
import { type ActorOptions, readActorOptions } from './actor-settings.ts';
import { refuseArguments } from './call-options.ts';
import type { ScriptConfig } from './config/script-config.ts';
import { ExtismEngine } from './engine/engine.ts';
import { ENGINE_OPTIONS, type EngineOptions } from './engine/engine-options.ts';
import type { PluginMetadata } from './engine/metadata.ts';
import { type ModuleSource, readModuleSource } from './engine/module-source.ts';
import type { Protocol } from './engine/outline.ts';
import { ActorError, describe, readForeign, refuseOption } from './errors.ts';
import { readLimits } from './limits.ts';
import { Sequence } from './sequence.ts';

/** A module that was validated as an actor. */
export interface ActorModule {
  readonly name: string;
  readonly source: Uint8Array | WebAssembly.Module;
  readonly entryPoint: string;
  /** SHA-256 of the bytes; null for a compiled module, whose bytes are not accessible, and where the platform has no SHA-256. */
  readonly sha256: string | null;
  readonly metadata: PluginMetadata | null;
  readonly version: string | null;
  readonly protocol: Protocol;
}

/** Options for the validation of modules and for every actor made of them. */
export interface LoaderOptions extends EngineOptions {
  /** Reads a file, for modules that are given by their path. Default: `readFile` of the platform. */
  readFile?: ((path: string) => Promise<Uint8Array>) | undefined;
}

export interface LoadOptions {
  /** The export that takes each message. Default: `process`. */
  entryPoint?: string | undefined;
  /** The SHA-256 that the bytes must have, 64 hexadecimal digits. */
  sha256?: string | undefined;
}

export const LOADER_OPTIONS: OptionTable<LoaderOptions> = {
  of: 'new ModuleLoader(options)',
  code: 'INVALID_OPTION',
  rows: {
    ...ENGINE_OPTIONS.rows,
    readFile: { ...orNull(aFunction), default: 'as the platform has it' },
  },
  hints: ENGINE_OPTIONS.hints!,
};

export const LOAD_OPTIONS: OptionTable<LoadOptions> = {
  of: 'loader.load(name, source, options)',
  rows: {
    entryPoint: { ...aText, default: 'process' },
    sha256: {
      ...kind(
        'a SHA-256 of 64 hexadecimal digits',
        value => typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value),
      ),
      default: 'not checked',
    },
  },
};

const { entryPoint: _, ...reloadRows } = LOAD_OPTIONS.rows;
type ReloadOptions = Omit<LoadOptions, 'entryPoint'>;

export const RELOAD_OPTIONS: OptionTable<ReloadOptions> = {
  of: 'loader.reload(name, source, options)',
  rows: reloadRows,
  hints: { entryPoint: 'a module keeps its entry point' },
};

/** @throws {ActorError} INVALID_CONFIG; {CreateError} INVALID_OPTION for a wrong value of an option of `createPlugin` */
export const readLoaderOptions = (options: unknown, where = 'option'): LoaderOptions =>
  readOptions(LOADER_OPTIONS, options, where, refuseOption);

/** Loads modules, validates them and registers them by name; makes actors of them and reloads these actors. */
export class ModuleLoader {
  readonly #options: EngineOptions;
  readonly #readFile: LoaderOptions['readFile'];
  readonly #modules = new Map<string, ActorModule>();
  readonly #actors = new Map<string, Set<ScriptActor>>();
  /** Copies of the modules' bytes, which users see and may change. All actors share the copy. */
  readonly #copies = new WeakMap<ActorModule['source'], ActorModule['source']>();
  /** The module that `reload` put in place of another one. */
  readonly #successors = new WeakMap<ActorModule, ActorModule>();
  readonly #reloads = new Sequence();

  /** @throws {ActorError} INVALID_CONFIG; {CreateError} INVALID_OPTION */
  constructor(options?: LoaderOptions);
  constructor(given?: LoaderOptions, ...extra: unknown[]) {
    refuseArguments('ModuleLoader', extra);
    const { readFile, ...options } = readLoaderOptions(given);
    this.#options = options;
    const { platform } = options;
    this.#readFile = readFile ?? (platform?.readFile && (path => platform.readFile!(path)));
  }

  /**
   * Reads and validates a module, and registers it under this name. It replaces another module of that name; actors that
   * run the replaced module go on with it. Bytes that are registered already, under any name, are not validated again.
   * @throws {ModuleError} for a module that cannot be an actor
   * @throws {CreateError} SOURCE_UNAVAILABLE, HASH_MISMATCH, UNSUPPORTED for a hash where the platform has no SHA-256, and for options that are wrong
   * @example
   * ```js
   * import { Message, ModuleLoader } from 'plugboard/actor';
   * const loader = new ModuleLoader();
   * await loader.load('counter', new URL(import.meta.resolve('plugboard/examples/counter.wasm')));
   * const actor = await loader.createActor('counter', { state: { count: 1 } });
   * console.log(await actor.process({ increment: Message.flow() })); // [ { count: { type: 'Integer', data: 2 } } ]
   * await actor.stop();
   * ```
   */
  load(name: string, source: ModuleSource, options?: LoadOptions): Promise<ActorModule>;
  async load(
    name: string,
    source: ModuleSource,
    options?: LoadOptions,
    ...extra: unknown[]
  ): Promise<ActorModule> {
    refuseArguments('load', extra);
    readArgument(aText, name, 'load: name', refuseOption);
    const read = readOptions(LOAD_OPTIONS, options, 'load', refuseOption);
    const module = await this.#validate(name, source, read);
    this.#modules.set(name, module);
    return module;
  }

  get(name: string): ActorModule | undefined;
  get(name: string, ...extra: unknown[]): ActorModule | undefined {
    refuseArguments('get', extra);
    return this.#modules.get(name);
  }

  get names(): string[] {
    return [...this.#modules.keys()];
  }

  /** Removes a module; its actors go on. Returns whether a module was registered under this name. */
  remove(name: string): boolean;
  remove(name: string, ...extra: unknown[]): boolean {
    refuseArguments('remove', extra);
    return this.#modules.delete(name);
  }

  /**
   * Makes an actor of a registered module, or of its successor if `reload` replaces it meanwhile.
   * @throws {ActorError} UNKNOWN_MODULE; errors of `ScriptActor.create` and `ScriptActor.reload`
   */
  createActor(name: string, options?: ActorOptions): Promise<ScriptActor>;
  async createActor(name: string, given?: ActorOptions, ...extra: unknown[]): Promise<ScriptActor> {
    refuseArguments('createActor', extra);
    const module = this.#known(name);
    const { entryPoint } = module;
    const source = this.#ownSource(module);
    const { name: _, ...options } = this.#options;
    const actor = await this.make({ source, entryPoint }, { ...options, ...readActorOptions(given) });
    try {
      // Reloads that ended while the actor was made did not reach it.
      let next = this.#successors.get(module);
      for (; next; next = this.#successors.get(next)) await actor.reload(this.#ownSource(next));
    } catch (error) {
      await actor.stop();
      throw error;
    }
    const actors = this.#actorsOf(name).add(actor);
    actor.subscribe(event => {
      if (event.type === 'phase' && event.phase === 'stopped') actors.delete(actor);
    });
    return actor;
  }

  /** Makes an actor. The loader for Node overrides this to return the `ScriptActor` for Node. */
  protected make(scriptConfig: ScriptConfig, options: ActorOptions): Promise<ScriptActor> {
    return ScriptActor.create(scriptConfig, options);
  }

  /**
   * Replaces a registered module by another one, also in all actors that this loader made of it, each between two of its
   * messages. When the new module is invalid, or one of the actors refuses it, all go on with the old module. A `load` or
   * `remove` of this name that is called meanwhile decides about the name.
   * @throws {ActorError} UNKNOWN_MODULE; errors of `load` and `ScriptActor.reload`
   */
  reload(name: string, source: ModuleSource, options?: ReloadOptions): Promise<ActorModule>;
  async reload(
    name: string,
    source: ModuleSource,
    options?: ReloadOptions,
    ...extra: unknown[]
  ): Promise<ActorModule> {
    refuseArguments('reload', extra);
    const read = readOptions(RELOAD_OPTIONS, options, 'reload', refuseOption);
    return this.#reloads.run(() => this.#reload(name, source, read));
  }

  /**
   * Reloads a module each time this file changes, once it is written whole. A file that cannot be read, or that `reload`
   * refuses, leaves the old module in use. `listener` gets each new module, or the reason why there is none. Returns a
   * function that ends the watching, which does not keep the process alive.
   * @throws {ActorError} UNKNOWN_MODULE; INVALID_CONFIG; UNSUPPORTED where the platform cannot watch files
   */
  watch(name: string, path: string, listener: (outcome: ActorModule | Error) => void): () => void;
  watch(
    name: string,
    path: string,
    listener: (outcome: ActorModule | Error) => void,
    ...extra: unknown[]
  ): () => void {
    refuseArguments('watch', extra);
    this.#known(name);
    readArgument(aText, path, 'watch: path', refuseOption);
    readArgument(aFunction, listener, 'watch: listener', refuseOption);
    if (/^(?!file:)[a-z][a-z\d+.-]+:/i.test(path)) {
      const message = `watch: path: expected the path of a file, got the URL ${describe(path)}; only files can be watched`;
      throw new ActorError('INVALID_CONFIG', `${message}, so call reload when it changes`);
    }
    const { platform } = this.#options;
    if (platform?.watchFile) {
      const onChange = () => void this.reload(name, path).then(listener, listener);
      return readForeign('watch: path', () => platform.watchFile!(path, onChange));
    }
    throw new ActorError(
      'UNSUPPORTED',
      'watch: no files can be watched here; call reload with the new module',
    );
  }

  async #reload(name: string, source: ModuleSource, options: ReloadOptions): Promise<ActorModule> {
    const old = this.#known(name);
    const module = await this.#validate(name, source, { ...options, entryPoint: old.entryPoint });
    const reached = new Set<ScriptActor>();
    const reloaded: ScriptActor[] = [];
    const left = () => [...this.#actorsOf(name)].filter(actor => !reached.has(actor));
    // More than one round if actors of the old module are made meanwhile.
    for (let actors = left(); actors.length > 0; actors = left()) {
      const outcomes = await Promise.allSettled(actors.map(actor => actor.reload(this.#ownSource(module))));
      for (const actor of actors) reached.add(actor);
      reloaded.push(...actors.filter((_, index) => outcomes[index]?.status === 'fulfilled'));
      const failed = outcomes.find(outcome => outcome.status === 'rejected' && !isStopped(outcome.reason));
      if (failed?.status !== 'rejected') continue;
      await Promise.allSettled(reloaded.map(actor => actor.reload(this.#ownSource(old))));
      throw failed.reason;
    }
    this.#successors.set(old, module);
    // Unless `load` or `remove` was called meanwhile.
    if (this.#modules.get(name) === old) this.#modules.set(name, module);
    return module;
  }

  #actorsOf(name: string): Set<ScriptActor> {
    const actors = this.#actors.get(name) ?? new Set();
    this.#actors.set(name, actors);
    return actors;
  }

  async #validate(name: string, given: ModuleSource, options: LoadOptions): Promise<ActorModule> {
    const { entryPoint = 'process', sha256: wanted } = options;
    const { platform = webPlatform, fetch = platform.fetch } = this.#options;
    const maxBytes = readLimits(this.#options.limits).moduleBytes;
    const readFile = this.#readFile;
    const base = readFile ? undefined : platform.baseUrl?.();
    const source = await readModuleSource(given, { readFile, fetch, base, maxBytes });
    const hash = wanted === undefined ? hexOfSha256IfPossible : hexOfSha256;
    const sha256 = source instanceof Uint8Array ? await hash(platform, source) : null;
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
    // The engine and all actors take this copy as it is.
    const own = source instanceof Uint8Array ? compiledBefore.own(source) : source;
    const engine = await ExtismEngine.create({ source: own, entryPoint }, { ...this.#options, name });
    const { metadata, version, protocol } = engine;
    await engine.close();
    this.#copies.set(source, own);
    return Object.freeze({ name, source, entryPoint, sha256, metadata, version, protocol });
  }

  #ownSource({ source }: ActorModule): ActorModule['source'] {
    return this.#copies.get(source) ?? source;
  }

  #known(name: string): ActorModule {
    const module = this.#modules.get(name);
    if (module) return module;
    readArgument(aText, name, 'module: name', refuseOption);
    const message = `no module is registered as ${describe(name)}; there are ${this.names.join(', ') || 'none'}`;
    throw new ActorError('UNKNOWN_MODULE', message);
  }
}

const isStopped = (error: unknown) => error instanceof ActorError && error.code === 'ACTOR_STOPPED';
