import type { EnvImports, Kernel } from '../abi/index.ts';
import { createWasi, type LineSink, WASI_MODULE, type Wasi } from '../wasi/index.ts';
import type { CallContext } from './call-context.ts';
import { PlugboardError } from './errors.ts';
import { wrapHostFunction } from './host-function.ts';
import type { Link } from './link.ts';
import type { PluginModule } from './module.ts';
import type { Platform } from './platform/types.ts';
import type { Diagnostic } from './settings.ts';

/** The reason recorded when a plugin calls `proc_exit`. */
export class ExitStop extends PlugboardError {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('EXIT', `plugin called proc_exit(${exitCode})`);
    this.exitCode = exitCode;
  }
}

export interface InstanceParts {
  plugin: PluginModule;
  links: readonly Link[];
  kernel: Kernel;
  kernelImports: EnvImports;
  context: CallContext;
  platform: Platform;
  stdout: LineSink;
  stderr: LineSink;
  onDiagnostic: (diagnostic: Diagnostic) => void;
}

/**
 * Makes a new instance of the plugin and runs its start functions. What fails is thrown as it comes: the reason
 * for which the kernel was ended, a trap, or the engine's LinkError.
 */
export function instantiate(parts: InstanceParts): WebAssembly.Instance {
  const { plugin, links, kernel, platform } = parts;
  let wasi: Wasi | undefined;
  if (links.some(({ provider }) => provider.kind === 'wasi')) {
    wasi = createWasi({
      clock: platform.clock,
      random: platform.random,
      stdout: parts.stdout,
      stderr: parts.stderr,
      checkpoint: () => kernel.check(),
      onExit: code => kernel.stop(new ExitStop(code)),
      onDiagnostic: parts.onDiagnostic,
    });
  }
  const instance = new WebAssembly.Instance(plugin.module, importObject(parts, wasi));
  const { memory } = instance.exports;
  if (memory instanceof WebAssembly.Memory) wasi?.bind(memory);
  runStartFunctions(instance);
  return instance;
}

function importObject(
  { links, kernel, kernelImports, context }: InstanceParts,
  wasi: Wasi | undefined,
): WebAssembly.Imports {
  const object: Record<string, Record<string, WebAssembly.ImportValue>> = Object.create(null);
  for (const { namespace, name, provider } of links) {
    object[namespace] ??= Object.create(null) as Record<string, WebAssembly.ImportValue>;
    switch (provider.kind) {
      case 'kernel':
        object[namespace][name] = kernelImports[name]!;
        break;
      case 'wasi':
        object[namespace][name] = (wasi!.imports as Record<string, WebAssembly.ImportValue>)[name]!;
        break;
      case 'host': {
        const label = `${namespace}.${name}`;
        object[namespace][name] = wrapHostFunction(label, provider.fn, provider.type, kernel, context);
      }
    }
  }
  return object;
}

/**
 * Haskell's runtime wants `_initialize` before `hs_init(argc, argv)`. Otherwise `__wasm_call_ctors` is preferred,
 * as natively: it is what `_initialize` of a reactor calls. A command's `_start` runs only when called by name.
 */
function runStartFunctions(instance: WebAssembly.Instance): void {
  const startFunction = (name: string, parameters: number) => {
    const value = instance.exports[name];
    return typeof value === 'function' && value.length === parameters ? value : undefined;
  };
  const initialize = startFunction('_initialize', 0);
  const haskell = startFunction('hs_init', 2);
  if (haskell) {
    initialize?.();
    haskell(0, 0);
  } else {
    (startFunction('__wasm_call_ctors', 0) ?? initialize)?.();
  }
}

/** Whether the module uses WASI but exports no memory that WASI could work on. */
export const lacksMemory = (plugin: PluginModule, links: readonly Link[]): boolean =>
  links.some(({ namespace, provider }) => provider.kind === 'wasi' && namespace === WASI_MODULE) &&
  !plugin.exports.some(({ name, kind }) => name === 'memory' && kind === 'memory');
