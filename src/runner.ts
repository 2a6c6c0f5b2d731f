import { type InstanceParts, type Instances, instantiate } from './instance.ts';
import { jspi } from './jspi.ts';
import { MAIN } from './manifest.ts';

/** Makes a plugin's instances and calls their exports: one class for each mode. What the plugin throws comes through. */
export interface Runner {
  /** Whether there are instances that can be called. */
  readonly isReady: boolean;
  /** The module that is being instantiated, or was last. */
  readonly module: string;
  /** The instance of the main module, where it is on this thread. */
  readonly main: WebAssembly.Instance | null;
  /** Gets ready what is not the plugin's, and so is not part of its time. @throws {PlugboardError} WORKER_FAILED */
  prepare(): Promise<void>;
  /** Makes the instances and runs their start functions. Answers a promise where the plugin may have to wait. */
  start(): void | Promise<void>;
  /** A function that the main module exports. */
  find(name: string): RunnerExport | undefined;
  /** Pages by which each memory of the plugin has grown. */
  growth(): readonly number[];
  /** Lets go of the instances, by force where one still runs. */
  drop(): void;
  /** Lets go of all else. */
  close(): Promise<void>;
}

export interface RunnerExport {
  parameters: number;
  /** Answers a promise where `start` does. */
  call: () => unknown;
}

/** On the caller's thread; with `parts.suspends`, every call answers a promise, and imports may suspend the plugin. */
export class LocalRunner implements Runner {
  /** Null once it is closed: the accessors among them stand on the kernel memory. */
  #parts: Omit<InstanceParts, 'onModule'> | null;
  #instances: Instances | null = null;
  module: string = MAIN;

  constructor(parts: Omit<InstanceParts, 'onModule'>) {
    this.#parts = parts;
  }

  get isReady(): boolean {
    return this.#instances !== null;
  }

  get main(): WebAssembly.Instance | null {
    return this.#instances?.main ?? null;
  }

  async prepare(): Promise<void> {}

  start(): void | Promise<void> {
    const steps = this.#instantiate();
    if (this.#parts!.suspends) return this.#startSuspending(steps);
    let step = steps.next();
    for (; !step.done; step = steps.next()) step.value.fn(...step.value.args);
    this.#instances = step.value;
  }

  async #startSuspending(steps: ReturnType<typeof instantiate>): Promise<void> {
    let step = steps.next();
    for (; !step.done; step = steps.next()) await jspi!.promising(step.value.fn)(...step.value.args);
    this.#instances = step.value;
  }

  #instantiate(): ReturnType<typeof instantiate> {
    return instantiate({
      ...this.#parts!,
      onModule: name => {
        this.module = name;
      },
    });
  }

  find(name: string): RunnerExport | undefined {
    const { exports } = this.main!;
    const fn = Object.hasOwn(exports, name) ? exports[name] : undefined;
    if (typeof fn !== 'function') return undefined;
    const call = fn as () => unknown;
    return { parameters: fn.length, call: this.#parts!.suspends ? jspi!.promising(call) : call };
  }

  growth(): readonly number[] {
    return this.#instances?.growth() ?? [];
  }

  drop(): void {
    this.#instances?.close();
    this.#instances = null;
  }

  async close(): Promise<void> {
    this.#parts = null;
  }
}
