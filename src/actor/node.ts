import { nodePlatform } from '../platform/node.ts';
import { ScriptActor as AnyActor } from './actor.ts';
import { type ActorOptions, readActorOptions } from './actor-settings.ts';
import { refuseArguments } from './call-options.ts';
import type { ScriptConfig } from './config/script-config.ts';
import { ExtismEngine as AnyEngine } from './engine/engine.ts';
import { type EngineOptions, readEngineOptions } from './engine/engine-options.ts';
import { ModuleLoader as AnyLoader, type LoaderOptions, readLoaderOptions } from './module-loader.ts';

export * from './index.ts';
export { FileState } from './state/file-state.ts';
export type { FileStateOptions } from './state/file-state-options.ts';
export type { StateModule } from './state/state-file.ts';

const onNode = <Options extends EngineOptions>(options: Options): Options => ({
  ...options,
  platform: options.platform ?? nodePlatform,
});

// The default platform of these classes has files, workers and stderr of Node, Deno and Bun.

export class ScriptActor extends AnyActor {
  /**
   * Loads and checks a plugin, and makes an actor of it.
   * @throws {ActorError} INVALID_CONFIG and others
   * @throws {ModuleError} for a module that is not an actor
   * @example
   * ```js
   * import { readFile } from 'node:fs/promises';
   * import { Message, ScriptActor } from 'plugboard/actor';
   * const source = await readFile(new URL(import.meta.resolve('plugboard/examples/counter.wasm')));
   * const actor = await ScriptActor.create({ source }, { config: { initial_value: 10 } });
   * console.log((await actor.metadata()).component); // Counter
   * await actor.stop();
   * ```
   */
  static override create(scriptConfig: ScriptConfig, options?: ActorOptions): Promise<ScriptActor>;
  static override async create(
    scriptConfig: ScriptConfig,
    options?: ActorOptions,
    ...extra: unknown[]
  ): Promise<ScriptActor> {
    refuseArguments('ScriptActor.create', extra);
    // biome-ignore lint/complexity/noThisInStatic: it makes an instance of this class.
    return super.create(scriptConfig, onNode(readActorOptions(options)));
  }
}

/** The part of an actor that calls its plugin: without a mailbox, events and policies. @experimental */
export class ExtismEngine extends AnyEngine {
  static override create(scriptConfig: ScriptConfig, options?: EngineOptions): Promise<ExtismEngine>;
  static override async create(
    scriptConfig: ScriptConfig,
    options?: EngineOptions,
    ...extra: unknown[]
  ): Promise<ExtismEngine> {
    refuseArguments('ExtismEngine.create', extra);
    // biome-ignore lint/complexity/noThisInStatic: it makes an instance of this class.
    return super.create(scriptConfig, onNode(readEngineOptions(options)));
  }
}

export class ModuleLoader extends AnyLoader {
  constructor(options?: LoaderOptions);
  constructor(options?: LoaderOptions, ...extra: unknown[]) {
    refuseArguments('ModuleLoader', extra);
    super(onNode(readLoaderOptions(options)));
  }

  protected override make(scriptConfig: ScriptConfig, options: ActorOptions): Promise<ScriptActor> {
    return ScriptActor.create(scriptConfig, options);
  }
}
