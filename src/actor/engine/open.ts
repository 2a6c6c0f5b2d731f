import { createPlugin } from '../../create.ts';
import { CreateError } from '../../errors.ts';
import type { HostFunctions } from '../../host/function.ts';
import { compiledBefore } from '../../module/cache.ts';
import { webPlatform } from '../../platform/web.ts';
import type { Plugin } from '../../plugin.ts';
import { checkSignature } from '../../run/call.ts';
import type { CheckedScript } from '../config/script-config.ts';
import { type ActorLimits, budgetsOf } from '../limits.ts';
import type { EngineOptions } from './engine-options.ts';
import { HOST_FUNCTIONS, USER_NAMESPACE } from './host-functions.ts';
import { memoryOption } from './memory-limit.ts';
import { toModuleError, tooLarge } from './module-error.ts';
import type { Outline } from './outline.ts';
import { PluginStdio } from './stdio.ts';

/**
 * Takes bytes that do not change, because a plugin is made of them now and another one when it is renewed. Plugins of one module
 * share them. @throws {ModuleError} TooLarge
 */
export function ownScript(script: CheckedScript, { moduleBytes }: ActorLimits): CheckedScript {
  const { source } = script;
  if (!(source instanceof Uint8Array)) return script;
  if (source.length > moduleBytes) throw tooLarge(source.length, moduleBytes);
  return { ...script, source: compiledBefore.own(source) };
}

/** Returns the receiver of the lines that the plugin prints. */
export function stdioOf({
  name = 'actor',
  platform = webPlatform,
  stdout,
  stderr,
  enableWasiOutput = platform.printsWasiOutput?.() ?? false,
}: EngineOptions): PluginStdio {
  // With `enableWasiOutput` the plugin host already prints the lines.
  const print = enableWasiOutput ? () => {} : platform.print.err;
  return new PluginStdio(name, print, { stdout, stderr });
}

/** @throws {ModuleError} {ActorError} {CreateError} */
export async function openPlugin(
  script: CheckedScript,
  outline: Outline,
  options: EngineOptions,
  stdio: PluginStdio,
): Promise<Plugin> {
  const { platform = webPlatform, name, protocol, codec, limits, memoryLimitMb, ...pluginOptions } = options;
  const create = (timeoutBy: EngineOptions['timeoutBy']) =>
    createPlugin(platform, script.source, {
      ...pluginOptions,
      limits: budgetsOf(limits),
      ...(memoryLimitMb !== undefined && { memory: memoryOption(memoryLimitMb, outline, options.memory) }),
      functions: withHostFunctions(options.functions),
      timeoutBy,
      stdout: stdio.writeStdout,
      stderr: stdio.writeStderr,
    });
  try {
    // RATIONALE: why-do-checks-keep-the-time-limit-of-an-actor
    if (options.timeoutBy != null || options.runInWorker) return await create(options.timeoutBy);
    try {
      return await create('checks');
    } catch (error) {
      // A compiled module, or one of a form that cannot get checks.
      if (error instanceof CreateError && error.code === 'UNSUPPORTED') return await create(undefined);
      throw error;
    }
  } catch (error) {
    throw toModuleError(error);
  }
}

/** Adds the host functions of actors. A function that the user gives replaces the actor's function of the same name. */
const withHostFunctions = (functions: HostFunctions = {}): HostFunctions => ({
  ...functions,
  [USER_NAMESPACE]: { ...HOST_FUNCTIONS, ...functions[USER_NAMESPACE] },
});

/** @throws {ModuleError} MissingExport */
export async function checkEntryPoint(plugin: Plugin, entryPoint: string, outline: Outline): Promise<void> {
  if (!(await plugin.functionExists(entryPoint))) throw toModuleError(plugin.notFound(entryPoint));
  try {
    checkSignature(entryPoint, 0, outline.functions?.get(entryPoint));
  } catch (error) {
    throw toModuleError(error);
  }
}
