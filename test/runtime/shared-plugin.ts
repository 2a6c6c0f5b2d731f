import { type CallContext, type CallError, createPlugin, type Plugin } from '../../src/web.ts';

/** A request's call of the plugin. */
interface Call {
  query: URLSearchParams;
  /** Numbers the calls in the order in which they were made. */
  number: number;
  /** Error code of the call that its host function made. */
  selfCall?: string;
}

/** One plugin for all requests of a Worker, with the code that a request runs on it. */
export class SharedPlugin {
  readonly #module: WebAssembly.Module;
  #starting: Promise<Plugin> | undefined;
  #made = 0;
  /** The number of the call that has begun last. */
  #begun = 0;

  /** @param module OVERLAP_WASM */
  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /**
   * Returns `input`, or an error code. In the query: `ms` that the host function takes, `self` if it calls its own plugin,
   * `abortMs` after which the call is aborted, `leaves` if the response does not wait for the call.
   */
  async answer({ searchParams: query }: URL): Promise<Response> {
    this.#starting ??= this.#create();
    const plugin = await this.#starting;
    const abortMs = query.get('abortMs');
    const signal = abortMs === null ? undefined : AbortSignal.timeout(Number(abortMs));
    const made: Call = { query, number: ++this.#made };
    const answer = plugin.call('echo', query.get('input'), made, { signal }).then(
      output => made.selfCall ?? output!.text(),
      (error: CallError) => error.code,
    );
    return new Response(query.has('leaves') ? 'left' : await answer);
  }

  #create(): Promise<Plugin> {
    const wait = async (context: CallContext) => {
      const call = context.hostContext<Call>();
      if (call.number < this.#begun) throw new Error(`call ${call.number} comes after ${this.#begun}`);
      this.#begun = call.number;
      const ms = Number(call.query.get('ms'));
      if (ms > 0) await new Promise(resolve => setTimeout(resolve, ms));
      if (!call.query.has('self')) return;
      const plugin = await this.#starting!;
      await plugin.call('fine').catch((error: CallError) => {
        call.selfCall = error.code;
      });
    };
    return createPlugin(this.#module, { queueTimeoutMs: 2000, functions: { host: { wait } } });
  }
}
