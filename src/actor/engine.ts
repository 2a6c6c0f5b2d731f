import { createPlugin } from '../create.ts';
import { CreateError } from '../errors.ts';
import type { HostFunctions } from '../host-function.ts';
import type { PluginOptions } from '../options.ts';
import type { PluginOutput } from '../output.ts';
import type { Platform } from '../platform/types.ts';
import { webPlatform } from '../platform/web.ts';
import type { Plugin } from '../plugin.ts';
import { readScriptConfig, type ScriptConfig } from './config.ts';
import { joinContext, readResult, writeState } from './context.ts';
import { type Report, strictly } from './errors.ts';
import { HOST_FUNCTIONS, type LiveCall, USER_NAMESPACE } from './host-functions.ts';
import type { Packet } from './message.ts';
import { type PluginMetadata, readMetadata } from './metadata.ts';

/**
 * Options of `createPlugin`. `functions` are added to those that every actor has. `strict` and `onDiagnostic` cover
 * messages and results as well.
 */
export interface EngineOptions extends Omit<PluginOptions, 'config'> {
  /** What the runtime provides. Default: web standards alone. */
  platform?: Platform | undefined;
}

/** One call: what goes in, and what it works on while it runs. */
export interface EngineCall extends LiveCall {
  /** JSON, as `writePayload` writes it. */
  readonly payload: string;
  /** JSON, as `writeConfig` writes it. */
  readonly config: string;
}

/** Runs one Extism plugin as the logic of an actor. The module is compiled once, and its instance used again. */
export class ExtismEngine {
  readonly #plugin: Plugin;
  readonly #entryPoint: string;
  readonly #report: Report;

  /**
   * @throws {ActorError} INVALID_CONFIG, UNSUPPORTED
   * @throws {CreateError} for a plugin that cannot be loaded, FUNCTION_NOT_FOUND when it lacks the entry point
   */
  static async create(scriptConfig: ScriptConfig, options: EngineOptions = {}): Promise<ExtismEngine> {
    const { source, entryPoint } = readScriptConfig(scriptConfig);
    const { platform = webPlatform, functions, ...pluginOptions } = options;
    const plugin = await createPlugin(platform, source, {
      ...pluginOptions,
      functions: withHostFunctions(functions),
    });
    if (!(await plugin.functionExists(entryPoint))) {
      const names = (await plugin.getExports())
        .filter(({ kind }) => kind === 'function')
        .map(({ name }) => name);
      await plugin.close();
      const message = `Function not found: ${entryPoint} (exported functions: ${names.join(', ') || 'none'})`;
      throw new CreateError('FUNCTION_NOT_FOUND', message);
    }
    return new ExtismEngine(
      plugin,
      entryPoint,
      options.strict ? strictly : (options.onDiagnostic ?? (() => {})),
    );
  }

  private constructor(plugin: Plugin, entryPoint: string, report: Report) {
    this.#plugin = plugin;
    this.#entryPoint = entryPoint;
    this.#report = report;
  }

  /**
   * Calls the plugin and answers its result. While it runs, what it sends is added to `call.packets` and what it writes
   * is set in `call.state`; a state in its result then replaces all of `call.state`.
   * @throws {CallError} when the call fails
   * @throws {ActorError} INVALID_RESULT; JSON_DEPTH for a state that is too deep
   */
  async process(call: EngineCall): Promise<Packet> {
    const context = joinContext(call.payload, call.config, writeState(call.state));
    const output = await this.#plugin.call(this.#entryPoint, context, call);
    const { outputs, state } = readResult(bytesOf(output), this.#report);
    if (state) {
      call.state.clear();
      for (const [key, value] of Object.entries(state)) call.state.set(key, value);
    }
    return outputs;
  }

  /** What the plugin says about itself. @throws {CallError} @throws {ActorError} INVALID_METADATA, JSON_SYNTAX */
  async metadata(): Promise<PluginMetadata> {
    return readMetadata(bytesOf(await this.#plugin.call('get_metadata')));
  }

  close(): Promise<void> {
    return this.#plugin.close();
  }
}

/** A function of the caller's replaces the actor's of the same name. */
const withHostFunctions = (functions: HostFunctions = {}): HostFunctions => ({
  ...functions,
  [USER_NAMESPACE]: { ...HOST_FUNCTIONS, ...functions[USER_NAMESPACE] },
});

const bytesOf = (output: PluginOutput | null): Uint8Array => output?.bytes() ?? new Uint8Array(0);
