import { type AuditReport, createTrace, reportOf, type TraceEvent } from '../../audit/index.ts';
import { messageOf, PlugboardError } from '../../errors.ts';
import type { Logger } from '../../given/options.ts';
import { AUDIT_LIMITS } from '../../limits.ts';
import { CallError, createPlugin, type Plugin } from '../../web.ts';
import { type MissingFunction, missingFunctions } from './answers.ts';
import { keyOf, optionsOf, type Settings } from './settings.ts';

/** Lines that a plugin logged or printed, of one call. */
const MOST_LINES = 1000;

/** A file that a person has given to the page. */
export interface GivenModule {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly report: AuditReport;
  readonly missing: readonly MissingFunction[];
}

/** Reports on the bytes of a file, and runs nothing of them. */
export async function readModule(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<GivenModule> {
  const report = await reportOf(bytes);
  return { name, bytes, report, missing: missingFunctions(report.modules.flatMap(({ imports }) => imports)) };
}

export interface Line {
  /** A log level, or `stdout` or `stderr`. */
  readonly from: string;
  readonly text: string;
}

/** All that the page shows of one call. */
export interface CallResult {
  readonly export: string;
  /** The number of the plugin on this page, from 1, and of the call of this plugin. */
  readonly plugin: number;
  readonly call: number;
  /** Null without an output. A call that failed may have set one. */
  readonly output: Uint8Array<ArrayBuffer> | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly durationMs: number;
  readonly lines: readonly Line[];
  /** The trace of this call, with the start of the plugin if the call has made it. */
  readonly events: readonly TraceEvent[];
}

/** A module and the plugin that is made of it when an export is first called. Settings that change make another plugin. */
export class Session {
  readonly module: GivenModule;
  #plugin: { readonly key: string; readonly plugin: Plugin } | null = null;
  #plugins = 0;
  #calls = 0;
  #lines: Line[] = [];
  #events: TraceEvent[] = [];

  constructor(module: GivenModule) {
    this.module = module;
  }

  /** Calls an export. Resolves for a call that fails, too. */
  async call(name: string, input: Uint8Array, settings: Settings): Promise<CallResult> {
    this.#lines = [];
    // The first event describes the trace.
    this.#events = this.#events.slice(0, 1);
    let output: Uint8Array<ArrayBuffer> | null = null;
    let error: CallResult['error'] = null;
    let startMs = performance.now();
    try {
      const plugin = await this.#open(settings);
      startMs = performance.now();
      this.#calls++;
      output = (await plugin.call(name, input))?.bytes() ?? null;
    } catch (thrown) {
      error = describe(thrown);
      output = outputOf(thrown);
    }
    const durationMs = performance.now() - startMs;
    return {
      export: name,
      plugin: this.#plugins,
      call: this.#calls,
      output,
      error,
      durationMs,
      lines: this.#lines,
      events: this.#events,
    };
  }

  /** Ends the plugin, with its variables. The next call makes another. */
  async close(): Promise<void> {
    await this.#plugin?.plugin.close();
    this.#plugin = null;
  }

  async #open(settings: Settings): Promise<Plugin> {
    const key = keyOf(settings);
    if (this.#plugin?.key === key) return this.#plugin.plugin;
    await this.close();
    [this.#plugins, this.#calls, this.#events] = [this.#plugins + 1, 0, []];
    const logger: Logger = Object.fromEntries(
      (['trace', 'debug', 'info', 'warn', 'error'] as const).map(level => [
        level,
        (text: string) => this.#line(level, text),
      ]),
    );
    const plugin = await createPlugin(this.module.bytes, {
      ...optionsOf(settings, this.module.missing),
      logger,
      stdout: text => this.#line('stdout', text),
      stderr: text => this.#line('stderr', text),
      trace: createTrace({ values: settings.values, onEvent: event => this.#keep(event) }),
    });
    this.#plugin = { key, plugin };
    return plugin;
  }

  #line(from: string, text: string): void {
    if (this.#lines.length < MOST_LINES) this.#lines.push({ from, text });
    else if (this.#lines.length === MOST_LINES)
      this.#lines.push({ from: 'page', text: `later lines than ${MOST_LINES} are left out` });
  }

  /** Keeps the first events of a call. A trace that is cut off says so in its last event. */
  #keep(event: TraceEvent): void {
    const maxEvents = AUDIT_LIMITS.pageEvents.default - 1;
    const { plugin, atMs } = event;
    if (this.#events.length < maxEvents) this.#events.push(event);
    else if (this.#events.length === maxEvents) this.#events.push({ type: 'cut', plugin, atMs, maxEvents });
  }
}

const describe = (error: unknown) => ({
  code: error instanceof PlugboardError ? error.code : 'ERROR',
  message: messageOf(error),
});

/** The output that a failed call had set. */
function outputOf(error: unknown): Uint8Array<ArrayBuffer> | null {
  return error instanceof CallError ? (error.output?.bytes() ?? null) : null;
}
