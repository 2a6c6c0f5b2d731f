import { webRandom } from '../../wasi/index.ts';
import type { ImportCall, ImportOutcome, PluginTrace, Trace, TracedPlugin } from '../host/listener.ts';
import { isThenable } from '../values/thenable.ts';
import { Contents } from './contents.ts';
import { Decoder } from './decode.ts';
import { type CallEnd, type ImportEvent, type ImportSite, TRACE_VERSION, type TraceEvent } from './events.ts';
import { type ReadTraceOptions, readTraceOptions, type TraceOptions } from './options.ts';
import { refusedBy } from './refusals.ts';
import { Secrets } from './secrets.ts';

class EventTrace implements Trace {
  readonly #onEvent: TraceOptions['onEvent'];
  readonly #maxEvents: number;
  readonly #contents: Contents;
  #plugins = 0;
  #events = 0;
  #dropped = 0;
  #failures = 0;

  constructor({ onEvent, values, maxEvents, maxValueBytes }: ReadTraceOptions) {
    this.#onEvent = onEvent;
    this.#maxEvents = maxEvents;
    this.#contents = new Contents(values, maxValueBytes, webRandom());
  }

  get events(): number {
    return this.#events;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get failures(): number {
    return this.#failures;
  }

  attach(plugin: TracedPlugin): PluginTrace {
    const emit = (event: TraceEvent) => this.#emit(event);
    return new PluginEvents(plugin, ++this.#plugins, this.#contents, emit, () => this.#failures++).hooks;
  }

  #emit(event: TraceEvent): void {
    if (this.#events >= this.#maxEvents) {
      const { plugin, atMs } = event;
      if (this.#dropped++ === 0) this.#pass({ type: 'cut', plugin, atMs, maxEvents: this.#maxEvents });
      return;
    }
    this.#events++;
    this.#pass(event);
  }

  /** A sink that fails ends nothing. */
  #pass(event: TraceEvent): void {
    const failed = () => void this.#failures++;
    try {
      const result = this.#onEvent(event);
      if (isThenable(result)) result.then(undefined, failed);
    } catch {
      failed();
    }
  }
}

/** Milliseconds with three digits. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Makes the events of one plugin. */
class PluginEvents {
  readonly #plugin: TracedPlugin;
  readonly #number: number;
  readonly #contents: Contents;
  readonly #decoder: Decoder;
  readonly #secrets: Secrets;
  readonly #emit: (event: TraceEvent) => void;
  readonly #failed: () => void;
  readonly #start = performance.now();
  #calls = 0;
  #instances = 0;
  #imports = 0;
  #current: { name: string | null; start: number } = { name: null, start: 0 };

  constructor(
    plugin: TracedPlugin,
    number: number,
    contents: Contents,
    emit: (event: TraceEvent) => void,
    failed: () => void,
  ) {
    this.#plugin = plugin;
    this.#number = number;
    this.#contents = contents;
    this.#secrets = new Secrets(plugin.secrets);
    this.#decoder = new Decoder(plugin.kernel, contents, this.#secrets);
    this.#emit = emit;
    this.#failed = failed;
    const { tier, isolation, modules } = plugin;
    emit({
      type: 'trace',
      ...this.#at(),
      version: TRACE_VERSION,
      values: contents.values,
      kernel: tier,
      isolation,
      modules: modules.map(({ name, sha256 }) => ({ name, sha256 })),
    });
  }

  get hooks(): PluginTrace {
    return {
      begin: (...given) => this.#safely(() => this.#begin(...given)),
      end: outcome => this.#safely(() => this.#end(outcome)),
      listener: call => {
        const done = this.#safely(() => this.#enter(call));
        return done && (outcome => this.#safely(() => done(outcome)));
      },
    };
  }

  /** A value that cannot be read, such as one too long for a string, costs its event and no more. */
  #safely<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch {
      this.#failed();
      return undefined;
    }
  }

  #at() {
    return { plugin: this.#number, atMs: rounded(performance.now() - this.#start) };
  }

  #inCall() {
    const { plugin, atMs } = this.#at();
    return { plugin, atMs, call: this.#calls, instance: this.#instances };
  }

  #content(bytes: Uint8Array) {
    return this.#contents.of(bytes, this.#secrets);
  }

  #begin(name: string, input: string | Uint8Array | undefined, traceparent?: string): void {
    this.#calls++;
    const isStart = input === undefined;
    if (isStart) this.#instances++;
    this.#current = { name: isStart ? null : name, start: performance.now() };
    const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : (input ?? new Uint8Array());
    this.#emit({
      type: 'call',
      ...this.#inCall(),
      export: this.#current.name,
      input: this.#content(bytes),
      ...(traceparent !== undefined && { traceparent }),
    });
  }

  #end({ output, error }: Parameters<PluginTrace['end']>[0]): void {
    const { name, start } = this.#current;
    const end: CallEnd = {
      type: 'return',
      ...this.#inCall(),
      export: name,
      durationMs: rounded(performance.now() - start),
      output: output && this.#content(output.bytes()),
    };
    if (error) end.error = this.#contents.error(error, this.#secrets);
    this.#emit(end);
  }

  #enter(call: ImportCall): (outcome: ImportOutcome) => void {
    const { module, namespace, name } = call;
    const link = this.#plugin.linkOf(call);
    const from: ImportSite['from'] = link.from === 'kernel' && name === 'http_request' ? 'http' : link.from;
    const params = this.#decoder.params(call, link);
    const { plugin, atMs, call: number, instance } = this.#inCall();
    const id = ++this.#imports;
    const entered = from === 'host' || from === 'http' || (from === 'wasi' && name === 'poll_oneoff');
    if (entered) {
      const site = { plugin, atMs, call: number, instance, id, module, namespace, name, from, params };
      this.#emit({ type: 'enter', ...site });
    }
    const start = performance.now();
    return outcome => {
      const error = 'error' in outcome ? outcome.error : undefined;
      const results = 'error' in outcome ? [] : this.#decoder.results(call, link, outcome);
      const decidedBy = refusedBy(error, results.find(({ kind }) => kind === 'errno')?.text);
      // Written out: Node 20 takes ten times as long where one object is spread into another.
      const event: ImportEvent = {
        type: 'import',
        plugin,
        atMs,
        call: number,
        instance,
        id,
        module,
        namespace,
        name,
        from,
        params,
        durationMs: rounded(performance.now() - start),
        results,
        allowed: decidedBy === undefined,
        entered,
      };
      if (decidedBy !== undefined) event.decidedBy = decidedBy;
      if (error !== undefined) event.error = this.#contents.error(error, this.#secrets);
      this.#emit(event);
    };
  }
}

/**
 * Makes a trace: pass it as the option `trace` of `createPlugin`, and `onEvent` gets an event for each call of a plugin, and for
 * each call that it makes of the host. A traced plugin runs on the kernel of JavaScript functions.
 * @throws {CreateError} INVALID_OPTION
 * @example
 * ```js
 * import { createPlugin } from 'plugboard';
 * import { createTrace, formatTraceEvent } from 'plugboard/audit';
 * const trace = createTrace({ onEvent: event => console.log(formatTraceEvent(event, 'text')) });
 * const plugin = await createPlugin(import.meta.resolve('plugboard/examples/vowels.wasm'), { trace });
 * await plugin.call('count_vowels', 'Hello');
 * await plugin.close();
 * ```
 */
export function createTrace(options: TraceOptions): Trace;
export function createTrace(options: TraceOptions, ...extra: unknown[]): Trace {
  return new EventTrace(readTraceOptions(options, extra));
}
