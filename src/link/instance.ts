import type { EnvFunctionName, EnvImports } from '../../abi/index.ts';
import { isMemory } from '../../wasi/brands.ts';
import type { createWasi, Wasi, WasiFunctionName, WasiOptions } from '../../wasi/index.ts';
import type { seeWasi } from '../../wasi/seen.ts';
import { isTooLargeAtOnce, lacksRoomForMemory } from '../engine/error-texts.ts';
import { jspi } from '../engine/jspi.ts';
import { PlugboardError } from '../errors.ts';
import { MAIN } from '../module/source.ts';
import { PAGE_BYTES } from '../units.ts';
import type { Later } from '../values/later.ts';
import { begin, type Exchange, FRESH_EXPORTS, fill } from '../wasm/ask.ts';
import { formatType } from '../wasm/reader.ts';
import type { Checks } from './checks.ts';
import type { Execution } from './execution.ts';
import { type Forward, makeForward } from './forward.ts';
import type { KeptState, keepState } from './fresh.ts';
import { type HostImport, toImport } from './imports.ts';
import type { Link, LinkedModule } from './plan.ts';
import { chooseStartFunctions } from './start-functions.ts';

/** The reason recorded when a plugin calls `proc_exit`. */
export class ExitStop extends PlugboardError {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('EXIT', `plugin called proc_exit(${exitCode})`);
    this.exitCode = exitCode;
  }
}

/** The imports of a plugin on the thread on which its code runs, and the ways to interrupt it there. */
export interface Embedding {
  kernelImports: EnvImports;
  /** The `http_request` of a plugin that can be suspended; null for others. */
  http: HostImport['fn'] | null;
  /** Wraps a host function, which may run on another thread. */
  hostImport: (link: Link) => HostImport['fn'];
  wasi: Pick<WasiOptions, 'clock' | 'random' | 'preopens'>;
  /** Null where no module imports WASI, whose code is not loaded then. */
  createWasi: typeof createWasi | null;
  /** Null without a listener, or where no module imports WASI. */
  seeWasi: typeof seeWasi | null;
  /** Whether the plugin is suspended while it waits. */
  suspends: boolean;
  /** Stops metered modules; null where there are none. */
  checks: Checks | null;
  /** Counts the fuel of instances; null where no module counts it. */
  fuel: FuelCounters | null;
  /** Lets another thread free the memories that it no longer uses; null on the caller's thread. */
  makeRoom: (() => void) | null;
  /** Keeps the state of instances for later calls; null where each call goes on from the one before. */
  keepState: typeof keepState | null;
}

/** The counters of the instances of a plugin. */
export interface FuelCounters {
  /** Receives the counter of an instance, and fills it. */
  add(module: string, exchange: Exchange): void;
  /** Runs a call of a command, which adds one more instance of its module for its time. */
  within<T>(module: string, run: () => T): T;
}

/** Instances of all modules of a plugin, linked and started. */
export interface Instances {
  main: WebAssembly.Instance;
  /** Returns the pages of all memories that modules export. */
  pages(): number;
  /** Returns the pages by which each of these memories has grown since instantiation; all pages without `maxGrowthPages`. */
  growth(): number[];
  /** Closes the files that the modules have opened. */
  close(): void;
  /** The state after initialisation; null where it is not kept. */
  kept: KeptState | null;
}

/** The pages of a memory, as the plugin sees them, and those at instantiation. */
interface MemoryPages {
  pages(): number;
  initialPages: number;
}

/** Work to be done before the next step; it returns a promise if the plugin is suspended while it waits. */
type Step = () => unknown;

/**
 * Makes new instances of all modules. A module comes after those that it imports from, the main module last. Runs their
 * start functions; returns a promise if these may be suspended. Throws errors unchanged: the reason for which the kernel stopped
 * the call, a trap, or the engine's LinkError.
 * @param onModule called before a module is instantiated or started, so that an error message can name the module
 */
export function instantiate(
  execution: Execution,
  embedding: Embedding & { suspends: false },
  onModule: (name: string) => void,
): Instances;
export function instantiate(
  execution: Execution,
  embedding: Embedding,
  onModule: (name: string) => void,
): Later<Instances>;
export function instantiate(
  execution: Execution,
  embedding: Embedding,
  onModule: (name: string) => void,
): Later<Instances> {
  const steps = new Linker(execution, embedding, onModule).makeAll();
  const proceed = (result?: unknown): Later<Instances> => {
    for (;;) {
      const step = steps.next(result);
      if (step.done) return step.value;
      const done = step.value();
      if (embedding.suspends) return (done as Promise<unknown>).then(proceed);
    }
  };
  return proceed();
}

/** The memory of an instance, once it is known. */
interface Seen {
  memory: WebAssembly.Memory | undefined;
}

/** The providers of an import that are not modules of the plugin. */
type HostProvider = Exclude<Link['provider'], { kind: 'module' }>;

class Linker {
  readonly #execution: Execution;
  readonly #embedding: Embedding;
  readonly #onModule: (name: string) => void;
  /** Ends the call at an import, if it must stop. */
  readonly #checkpoint: () => void;
  readonly #made = new Map<string, WebAssembly.Instance>();
  /** Modules whose imports are being made. */
  readonly #making = new Set<string>();
  /** Functions that were imported before the module that exports them was instantiated. */
  #forwards: { link: Link; forward: Forward }[] = [];
  readonly #toStart: { name: string; instance: WebAssembly.Instance }[] = [];
  /** All exported memories, each once. */
  readonly #memories = new Map<WebAssembly.Memory, MemoryPages>();
  readonly #wasis: Wasi[] = [];

  constructor(execution: Execution, embedding: Embedding, onModule: (name: string) => void) {
    this.#execution = execution;
    this.#embedding = embedding;
    this.#onModule = onModule;
    this.#checkpoint = embedding.checks?.checkpoint ?? (() => execution.kernel.check());
  }

  *makeAll(): Generator<Step, Instances, unknown> {
    const { modules, main } = this.#execution.plan;
    for (const module of modules.values()) {
      if (module !== main && !module.isCommand) yield* this.#use(module);
    }
    const instance = yield* this.#use(main);
    yield* this.#start(MAIN, instance);
    const close = () => {
      for (const wasi of this.#wasis) wasi.close();
    };
    const memories = [...this.#memories.values()];
    const growth = () => memories.map(({ pages, initialPages }) => pages() - initialPages);
    const pages = () => memories.reduce((sum, memory) => sum + memory.pages(), 0);
    const kept = this.#embedding.keepState?.(this.#made, modules, this.#wasis) ?? null;
    return { main: instance, pages, growth, close, kept };
  }

  /** Returns the instance of a module. Makes it on the first use, after the modules that it imports from. */
  *#use(module: LinkedModule): Generator<Step, WebAssembly.Instance, unknown> {
    const { name } = module;
    const made = this.#made.get(name);
    if (made) return made;
    this.#making.add(name);
    for (const exporter of this.#exportersOf(module)) yield* this.#use(exporter);
    const instance = yield* this.#instantiate(module, this.#embedding.suspends);
    this.#making.delete(name);
    this.#made.set(name, instance);
    // Not `exportKinds`, which leaves out hidden names: a memory counts under any name.
    for (const memory of Object.values(instance.exports)) {
      if (!(memory instanceof WebAssembly.Memory) || this.#memories.has(memory)) continue;
      const virtual = instance.exports[FRESH_EXPORTS.pages] as WebAssembly.Global<'i32'>;
      const pages = module.hasFresh ? () => virtual.value : () => pagesOf(memory);
      // Not read without need: if the buffer was read, JSC keeps the memory until its second collection.
      const initialPages = this.#execution.limits.maxGrowthPages === undefined ? 0 : pages();
      this.#memories.set(memory, { pages, initialPages });
    }
    this.#connect(name, instance);
    // The main module is started last, even if others import from it.
    if (name !== MAIN) this.#toStart.push({ name, instance });
    // A start function might call a function that is still missing, so none runs before all are connected.
    if (this.#forwards.length === 0) {
      for (const next of this.#toStart.splice(0)) yield* this.#start(next.name, next.instance);
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

  *#start(name: string, instance: WebAssembly.Instance): Generator<Step, void, unknown> {
    for (const { fn, args } of startFunctionsOf(instance, this.#execution.plan.modules.get(name)!)) {
      this.#onModule(name);
      yield () => (this.#embedding.suspends ? jspi!.promising(fn)(...args) : fn(...args));
    }
  }

  /**
   * Returns the modules to be instantiated before this one, without those that wait for it. A command is left out, because each
   * call of it makes a new instance; the modules that it imports from are included.
   */
  #exportersOf({ links }: LinkedModule, seen = new Set<string>()): LinkedModule[] {
    return links.flatMap(({ provider }) => {
      if (provider.kind !== 'module' || seen.has(provider.module) || this.#making.has(provider.module))
        return [];
      seen.add(provider.module);
      const exporter = this.#execution.plan.modules.get(provider.module)!;
      return exporter.isCommand ? this.#exportersOf(exporter, seen) : [exporter];
    });
  }

  /** @param mayWait whether the instance may come later, as the caller continues when the step is done */
  *#instantiate(module: LinkedModule, mayWait: boolean): Generator<Step, WebAssembly.Instance, unknown> {
    const wasi = this.#createWasi(module);
    const seen: Seen = { memory: undefined };
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = Object.create(null);
    for (const link of module.links) {
      imports[link.namespace] ??= Object.create(null) as Record<string, WebAssembly.ImportValue>;
      imports[link.namespace]![link.name] = this.#provide(module.name, link, wasi, seen);
    }
    this.#onModule(module.name);
    let instance: WebAssembly.Instance;
    try {
      instance = new WebAssembly.Instance(module.module, imports);
    } catch (error) {
      const { makeRoom } = this.#embedding;
      if (makeRoom && lacksRoomForMemory(error)) {
        makeRoom();
        instance = new WebAssembly.Instance(module.module, imports);
      } else if (!mayWait || !isTooLargeAtOnce(error)) throw error;
      else instance = (yield () => WebAssembly.instantiate(module.module, imports)) as WebAssembly.Instance;
      this.#execution.kernel.check();
    }
    // Runs the function of the start section. A start section runs before WASI gets the memory, so this does too.
    if (module.hasChecks) this.#embedding.checks?.arm(instance);
    if (module.hasFuel) fill(instance, exchange => this.#embedding.fuel?.add(module.name, exchange));
    if (module.hasFresh) begin(instance);
    const memory = memoryOf(instance) ?? importedMemory(imports);
    if (memory) wasi?.bind(memory);
    seen.memory = memory;
    return instance;
  }

  #provide(module: string, link: Link, wasi: Wasi | undefined, seen: Seen): WebAssembly.ImportValue {
    const { namespace, name, provider } = link;
    const { plan, listener } = this.#execution;
    if (provider.kind === 'module') return this.#provideExport(link, plan.modules.get(provider.module)!);
    const own = this.#hostImport(link, provider, wasi, seen);
    const { checks } = this.#embedding;
    if (checks) own.fn = checks.guard(link, own.fn);
    return toImport(own, { module, namespace, name }, listener);
  }

  #hostImport(link: Link, provider: HostProvider, wasi: Wasi | undefined, seen: Seen): HostImport {
    const { name } = link;
    const { kernelImports, http, hostImport, suspends, seeWasi } = this.#embedding;
    switch (provider.kind) {
      case 'kernel':
        if (http && name === 'http_request') return { fn: http, waits: true };
        return { fn: kernelImports[name as EnvFunctionName], waits: false };
      case 'wasi':
        // Only `poll_oneoff` waits. A suspending import would make the others slower without need.
        return {
          fn: wasi!.imports[name as WasiFunctionName],
          waits: suspends && name === 'poll_oneoff',
          see: seeWasi
            ? (args, errno) => seeWasi(seen.memory, name as WasiFunctionName, args, errno)
            : undefined,
        };
      case 'host':
        return { fn: hostImport(link), waits: provider.isAsync };
      case 'remote':
        return { fn: hostImport(link), waits: false };
    }
  }

  #provideExport(link: Link, exporter: LinkedModule): WebAssembly.ImportValue {
    if (exporter.isCommand) {
      return (...args: unknown[]) => {
        this.#checkpoint();
        const call = () => this.#callCommand(exporter, link.name, args);
        const { fuel } = this.#embedding;
        return fuel ? fuel.within(exporter.name, call) : call();
      };
    }
    const made = this.#made.get(exporter.name);
    if (made) return made.exports[link.name]!;
    if (exporter.exportKinds.get(link.name) !== 'function') throw new WebAssembly.LinkError(circular(link));
    const forward = makeForward(`${link.namespace}.${link.name}`, link.type);
    this.#forwards.push({ link, forward });
    return forward.fn;
  }

  /** Calls an export of a command on an instance of its own. Nothing refers to it later: the memories of many calls would add up. */
  #callCommand(command: LinkedModule, name: string, args: unknown[]): unknown {
    const others = this.#wasis.length;
    try {
      const { value } = this.#instantiate(command, false).next();
      return exportedFunction(value as WebAssembly.Instance, name)(...args);
    } finally {
      for (const wasi of this.#wasis.splice(others)) wasi.close();
    }
  }

  #createWasi(module: LinkedModule): Wasi | undefined {
    if (!module.links.some(({ provider }) => provider.kind === 'wasi')) return undefined;
    const { kernel, stdout, stderr, onDiagnostic } = this.#execution;
    const noMemory = lacksMemory(module);
    const wasi = this.#embedding.createWasi!({
      ...this.#embedding.wasi,
      stdout,
      stderr,
      checkpoint: this.#checkpoint,
      onExit: code => kernel.stop(new ExitStop(code)),
      onDiagnostic: diagnostic => {
        // A module with a memory gets EFAULT: its start section runs before WASI has the memory.
        if (noMemory && diagnostic.code === 'WASI_MEMORY_UNBOUND')
          kernel.stop(withoutMemory(module.name, diagnostic.function));
        onDiagnostic(diagnostic);
      },
    });
    this.#wasis.push(wasi);
    return wasi;
  }
}

const circular = ({ namespace, name }: Link) =>
  `${namespace}.${name}: modules that import from each other can share functions only`;

const exportedFunction = (instance: WebAssembly.Instance, name: string): ((...args: unknown[]) => unknown) =>
  instance.exports[name] as (...args: unknown[]) => unknown;

const pagesOf = (memory: WebAssembly.Memory): number => memory.buffer.byteLength / PAGE_BYTES;

function memoryOf({ exports }: WebAssembly.Instance): WebAssembly.Memory | undefined {
  return isMemory(exports.memory) ? exports.memory : undefined;
}

function importedMemory(
  imports: Record<string, Record<string, WebAssembly.ImportValue>>,
): WebAssembly.Memory | undefined {
  const values = Object.values(imports).flatMap(items => Object.values(items));
  return values.find(isMemory);
}

function startFunctionsOf(
  { exports }: WebAssembly.Instance,
  { signatures }: LinkedModule,
): { fn: (...args: number[]) => unknown; args: readonly number[] }[] {
  const chosen = chooseStartFunctions(({ name, args, type }) => {
    const value = exports[name];
    if (typeof value !== 'function') return false;
    const actual = signatures?.exports.get(name);
    return actual ? type.test(formatType(actual)) : value.length === args.length;
  });
  return chosen.map(({ name, args }) => ({ fn: exports[name] as (...args: number[]) => unknown, args }));
}

/** Whether the module has no memory that WASI could work on. */
const lacksMemory = ({ exports, imports }: LinkedModule): boolean =>
  !exports.some(({ name, kind }) => name === 'memory' && kind === 'memory') &&
  !imports.some(({ kind }) => kind === 'memory');

const withoutMemory = (module: string, name: string) =>
  new PlugboardError(
    'WASI_NO_MEMORY',
    `${name}: works on memory, and module "${module}" exports no memory named "memory"; export one`,
  );
