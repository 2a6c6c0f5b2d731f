import { nodePlatform } from '../platform/node.ts';
import { ScriptActor as AnyActor } from './actor.ts';
import type { ScriptConfig } from './config.ts';
import { ExtismEngine as AnyEngine, type EngineOptions } from './engine.ts';
import { ModuleLoader as AnyLoader, type LoaderOptions } from './loader.ts';
import type { ActorOptions } from './settings.ts';

export { FileState, type FileStateOptions } from './file-state.ts';
export * from './index.ts';
export type { StateModule } from './state-file.ts';

const onNode = <Options extends EngineOptions>(options: Options | undefined) =>
  ({ ...options, platform: options?.platform ?? nodePlatform }) as Options;

// What Node, Deno and Bun provide is their default: files, workers, the process's own stderr.

export class ScriptActor extends AnyActor {
  static override create(scriptConfig: ScriptConfig, options?: ActorOptions): Promise<ScriptActor> {
    // biome-ignore lint/complexity/noThisInStatic: it makes an instance of this class.
    return super.create(scriptConfig, onNode(options));
  }
}

export class ExtismEngine extends AnyEngine {
  static override create(scriptConfig: ScriptConfig, options?: EngineOptions): Promise<ExtismEngine> {
    // biome-ignore lint/complexity/noThisInStatic: it makes an instance of this class.
    return super.create(scriptConfig, onNode(options));
  }
}

export class ModuleLoader extends AnyLoader {
  constructor(options?: LoaderOptions) {
    super(onNode(options));
  }

  protected override make(scriptConfig: ScriptConfig, options: ActorOptions): Promise<ScriptActor> {
    return ScriptActor.create(scriptConfig, options);
  }
}
