import type { Kernel, KernelTier } from '../../abi/index.ts';
import type { SeenParam } from '../../wasi/seen.ts';
import type { FunctionType } from '../wasm/reader.ts';

/** A module's call of a function of the host: of the kernel, of WASI, or one that the user gave. */
export interface ImportCall {
  /** Name of the module that makes the call. */
  module: string;
  namespace: string;
  name: string;
  /** As the wasm boundary passes them: i64 as `bigint`, the other numbers as `number`. */
  args: readonly unknown[];
  /** Set for functions of WASI: the parameters, with bytes of the module's own memory. */
  seen?: readonly SeenParam[];
}

/**
 * The result, undefined for none, or the error that ends the module's code like a trap. `seen` has the parameters to which a
 * function of WASI has written.
 */
export type ImportOutcome = { result: unknown; seen?: readonly SeenParam[] } | { error: unknown };

/**
 * Gets each call before its function runs. Returns a function that gets the outcome, or undefined. An error that either of
 * them throws ends the plugin's call.
 */
export type ImportListener = (call: ImportCall) => ((outcome: ImportOutcome) => void) | undefined;

/** The import of a module, as a trace sees it. */
export interface TracedLink {
  from: 'kernel' | 'wasi' | 'host';
  /** Undefined where types cannot be seen. */
  type: FunctionType | undefined;
  /** Numbers of the parameters that are never shown. */
  secrets: readonly number[];
}

/** A plugin that is about to start, as a trace sees it. */
export interface TracedPlugin {
  kernel: Kernel;
  tier: KernelTier;
  isolation: string;
  modules: readonly { name: string; sha256: string | null }[];
  /** Config values that are never shown. */
  secrets: readonly string[];
  linkOf(call: Pick<ImportCall, 'module' | 'namespace' | 'name'>): TracedLink;
}

/** Follows one plugin. */
export interface PluginTrace {
  listener: ImportListener;
  /**
   * Called when a call begins. `input` is undefined for the start of an instance; `traceparent` is the W3C header of the hop of a
   * network in which it is made.
   */
  begin(name: string, input: string | Uint8Array | undefined, traceparent?: string): void;
  end(outcome: { output: { bytes(): Uint8Array } | null; error: Error | null }): void;
}

/** A trace of one plugin or several, as the option `trace`. `createTrace` of plugboard/audit makes it. @experimental */
export interface Trace {
  /** Events that were passed to `onEvent`. */
  readonly events: number;
  /** Events that came after `maxEvents`. */
  readonly dropped: number;
  /** Events for which `onEvent` threw or rejected. The plugin went on. */
  readonly failures: number;
  /** @internal Called once for each plugin, before it starts. */
  attach(plugin: TracedPlugin): PluginTrace;
}
