import { jspi } from '../engine/jspi.ts';
import type { Execution } from '../link/execution.ts';
import { type Embedding, type Instances, instantiate } from '../link/instance.ts';
import { MAIN } from '../module/source.ts';
import { after, type Later } from '../values/later.ts';
import type { Fuel } from './fuel.ts';

/** Makes a plugin's instances and calls their exports, on this thread or in a worker. Errors of the plugin are thrown on. */
export interface Runner {
  /** Whether there are instances that can be called. */
  readonly isReady: boolean;
  /** Name of the module that is being instantiated or started, or was last. */
  readonly module: string;
  /** The instance of the main module; null if there is none, or if it is in a worker. */
  readonly main: WebAssembly.Instance | null;
  /** Prepares the thread. This time does not count for the plugin's time limit. @throws {PlugboardError} WORKER_FAILED */
  prepare(): Promise<void>;
  /** Makes the instances and runs their start functions. Returns a promise if the plugin may have to wait. */
  start(): Later<void>;
  /** Returns a function that the main module exports. */
  find(name: string): RunnerExport;
  /** Returns the pages of the plugin's memories; in a worker, as they were after its last call. */
  pages(): number;
  /** Returns the pages by which each memory of the plugin has grown. */
  growth(): readonly number[];
  /** Returns the units of fuel that the last call has used, once after it; 0 for modules that do not count them. */
  takeFuel(): number;
  /** Puts the instances back to their state after initialisation. Returns false where new ones have to be made. */
  restore(): boolean;
  /** Why `restore` returns false; null if it does not, or if the state was not kept. */
  readonly whyNotFresh: string | null;
  /** Drops the instances. A worker that still runs is ended by force. */
  drop(): void;
  /** Releases everything else, such as the worker. */
  close(): Promise<void>;
}

export interface RunnerExport {
  parameters: number;
  /** Returns a promise if `start` does. */
  call: () => unknown;
}

/** Runs a plugin on the caller's thread. With `embedding.suspends`, calls return promises, and imports may suspend the plugin. */
export class LocalRunner implements Runner {
  readonly #execution: Execution;
  /** Null after `close`, because the accessors in it would keep the kernel memory alive. */
  #embedding: Embedding | null;
  /** Null for modules that do not count fuel. */
  readonly #fuel: Fuel | null;
  #instances: Instances | null = null;
  module: string = MAIN;

  constructor(execution: Execution, embedding: Omit<Embedding, 'fuel'>, fuel: Fuel | null) {
    this.#execution = execution;
    this.#embedding = { ...embedding, fuel };
    this.#fuel = fuel;
  }

  get isReady(): boolean {
    return this.#instances !== null;
  }

  get main(): WebAssembly.Instance | null {
    return this.#instances?.main ?? null;
  }

  async prepare(): Promise<void> {}

  start(): Later<void> {
    const embedding = this.#embedding!;
    this.#fuel?.renew();
    const made = instantiate(this.#execution, embedding, name => {
      this.module = name;
    });
    return after(embedding.suspends, made, instances => {
      this.#instances = instances;
    });
  }

  find(name: string): RunnerExport {
    const own = this.main!.exports[name] as () => unknown;
    const call = this.#embedding!.suspends ? jspi!.promising(own) : own;
    const fuel = this.#fuel;
    if (!fuel) return { parameters: own.length, call };
    const fuelled = () => {
      fuel.begin();
      return call();
    };
    return { parameters: own.length, call: fuelled };
  }

  pages(): number {
    return this.#instances?.pages() ?? 0;
  }

  growth(): readonly number[] {
    return this.#instances?.growth() ?? [];
  }

  takeFuel(): number {
    return this.#fuel?.take() ?? 0;
  }

  restore(): boolean {
    return this.#instances?.kept?.restore() ?? false;
  }

  get whyNotFresh(): string | null {
    return this.#instances?.kept?.why ?? null;
  }

  drop(): void {
    this.#instances?.close();
    this.#instances = null;
  }

  async close(): Promise<void> {
    this.#embedding = null;
  }
}
