import type { EnvImports, Kernel } from '../abi/index.ts';
import { createWasi, type LineSink, type Wasi } from '../wasi/index.ts';
import type { CallContext } from './call-context.ts';
import { PlugboardError } from './errors.ts';
import { type Forward, makeForward } from './forward.ts';
import { wrapHostFunction } from './host-function.ts';
import type { Link, LinkedModule, LinkPlan } from './link.ts';
import { MAIN } from './manifest.ts';
import type { Diagnostic } from './options.ts';
import type { Platform } from './platform/types.ts';

const PAGE_BYTES = 65_536;

/** The reason recorded when a plugin calls `proc_exit`. */
export class ExitStop extends PlugboardError {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('EXIT', `plugin called proc_exit(${exitCode})`);
    this.exitCode = exitCode;
  }
}

export interface InstanceParts {
  plan: LinkPlan;
  kernel: Kernel;
  kernelImports: EnvImports;
  context: CallContext;
  platform: Platform;
  stdout: LineSink;
  stderr: LineSink;
  onDiagnostic: (diagnostic: Diagnostic) => void;
  /** Told before a module is worked on, for whoever has to say where it failed. */
  onModule: (name: string) => void;
}

/** Instances of all modules of a plugin, linked and started. */
export interface Instances {
  main: WebAssembly.Instance;
  /** Those that modules export as `memory`. */
  memories: readonly GrowingMemory[];
}

export interface GrowingMemory {
  memory: WebAssembly.Memory;
  /** When its module had been instantiated. */
  initialPages: number;
}

/**
 * Makes new instances of all modules, each after those that it imports from and the main one last, and runs their start
 * functions. What fails is thrown as it comes: the reason for which the kernel was ended, a trap, or the engine's LinkError.
 */
export function instantiate(parts: InstanceParts): Instances {
  return new Linker(parts).makeAll();
}

class Linker {
  readonly #parts: InstanceParts;
  readonly #made = new Map<string, WebAssembly.Instance>();
  /** Modules whose imports are being made. */
  readonly #making = new Set<string>();
  /** Functions that were imported before the module that exports them was there. */
  #forwards: { link: Link; forward: Forward }[] = [];
  readonly #toStart: { name: string; instance: WebAssembly.Instance }[] = [];
  readonly #memories: GrowingMemory[] = [];

  constructor(parts: InstanceParts) {
    this.#parts = parts;
  }

  makeAll(): Instances {
    const { modules, main } = this.#parts.plan;
    for (const module of modules.values()) {
      if (module !== main && !module.isCommand) this.#use(module);
    }
    const instance = this.#use(main);
    this.#start(MAIN, instance);
    return { main: instance, memories: this.#memories };
  }

  /** The one instance of a module. */
  #use(module: LinkedModule): WebAssembly.Instance {
    const { name } = module;
    const made = this.#made.get(name);
    if (made) return made;
    this.#making.add(name);
    const instance = this.#instantiate(module);
    this.#making.delete(name);
    this.#made.set(name, instance);
    const memory = memoryOf(instance);
    if (memory) this.#memories.push({ memory, initialPages: memory.buffer.byteLength / PAGE_BYTES });
    this.#connect(name, instance);
    // The main module is started last, also where others import from it.
    if (name !== MAIN) this.#toStart.push({ name, instance });
    // While one is missing, a start function might call it.
    if (this.#forwards.length === 0) {
      for (const next of this.#toStart.splice(0)) this.#start(next.name, next.instance);
    }
    return instance;
  }

  #connect(name: string, instance: WebAssembly.Instance): void {
    const isOwn = ({ link }: { link: Link }) => link.namespace === name;
    for (const { link, forward } of this.#forwards.filter(isOwn)) {
      forward.connect(exportedFunction(instance, link.name));
    }
    this.#forwards = this.#forwards.filter(item => !isOwn(item));
  }

  #start(name: string, instance: WebAssembly.Instance): void {
    this.#parts.onModule(name);
    runStartFunctions(instance);
  }

  #instantiate(module: LinkedModule): WebAssembly.Instance {
    const wasi = this.#createWasi(module);
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = Object.create(null);
    for (const link of module.links) {
      imports[link.namespace] ??= Object.create(null) as Record<string, WebAssembly.ImportValue>;
      imports[link.namespace]![link.name] = this.#provide(link, wasi);
    }
    this.#parts.onModule(module.name);
    const instance = new WebAssembly.Instance(module.module, imports);
    const memory = memoryOf(instance) ?? importedMemory(imports);
    if (memory) wasi?.bind(memory);
    return instance;
  }

  #provide(link: Link, wasi: Wasi | undefined): WebAssembly.ImportValue {
    const { namespace, name, provider, type } = link;
    const { kernel, kernelImports, context, plan } = this.#parts;
    switch (provider.kind) {
      case 'kernel':
        return kernelImports[name]!;
      case 'wasi':
        return (wasi!.imports as Record<string, WebAssembly.ImportValue>)[name]!;
      case 'host':
        return wrapHostFunction(`${namespace}.${name}`, provider.fn, type, kernel, context);
      case 'module':
        return this.#provideExport(link, plan.modules.get(provider.module)!);
    }
  }

  #provideExport(link: Link, exporter: LinkedModule): WebAssembly.ImportValue {
    if (exporter.isCommand) {
      return (...args: unknown[]) => {
        this.#parts.kernel.check();
        return exportedFunction(this.#instantiate(exporter), link.name)(...args);
      };
    }
    if (!this.#making.has(exporter.name)) return this.#use(exporter).exports[link.name]!;
    if (exporter.exportKinds.get(link.name) !== 'function') throw new WebAssembly.LinkError(circular(link));
    const forward = makeForward(`${link.namespace}.${link.name}`, link.type);
    this.#forwards.push({ link, forward });
    return forward.fn;
  }

  #createWasi({ links }: LinkedModule): Wasi | undefined {
    if (!links.some(({ provider }) => provider.kind === 'wasi')) return undefined;
    const { kernel, platform, stdout, stderr, onDiagnostic } = this.#parts;
    return createWasi({
      clock: platform.clock,
      random: platform.random,
      stdout,
      stderr,
      checkpoint: () => kernel.check(),
      onExit: code => kernel.stop(new ExitStop(code)),
      onDiagnostic,
    });
  }
}

const circular = ({ namespace, name }: Link) =>
  `${namespace}.${name}: modules that import from each other can share functions only`;

const exportedFunction = (instance: WebAssembly.Instance, name: string): ((...args: unknown[]) => unknown) =>
  instance.exports[name] as (...args: unknown[]) => unknown;

function memoryOf({ exports }: WebAssembly.Instance): WebAssembly.Memory | undefined {
  return exports.memory instanceof WebAssembly.Memory ? exports.memory : undefined;
}

function importedMemory(
  imports: Record<string, Record<string, WebAssembly.ImportValue>>,
): WebAssembly.Memory | undefined {
  const values = Object.values(imports).flatMap(items => Object.values(items));
  return values.find((value): value is WebAssembly.Memory => value instanceof WebAssembly.Memory);
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

/** Whether the module uses WASI but has no memory that WASI could work on. */
export const lacksMemory = ({ links, exports, imports }: LinkedModule): boolean =>
  links.some(({ provider }) => provider.kind === 'wasi') &&
  !exports.some(({ name, kind }) => name === 'memory' && kind === 'memory') &&
  !imports.some(({ kind }) => kind === 'memory');
