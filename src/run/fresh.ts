import type { Kernel, LogLevel } from '../../abi/index.ts';
import type { LineSink } from '../../wasi/index.ts';
import { CreateError } from '../errors.ts';
import type { Freshness } from './report.ts';
import type { Runner } from './runner.ts';

/** Lets each call begin with the state after initialisation. */
export class Fresh {
  readonly #kernel: Kernel;
  readonly #runner: Runner;
  readonly #presetVars: () => void;
  readonly #streams: readonly Pick<LineSink, 'flush' | 'clear'>[];
  readonly #logLevel: LogLevel;
  /** Variables after initialisation: a start function may have set some. */
  #vars: ReadonlyMap<string, Uint8Array> = new Map();
  /** Whether the state may have changed since. */
  #isUsed = false;

  readonly #freshness: Freshness;

  /**
   * @param freshness of the plugin's report
   * @param streams stdout and stderr, which keep their last lines for errors
   * @throws {CreateError} UNSUPPORTED: a recording does not know where a call begins anew
   */
  constructor(
    kernel: Kernel,
    runner: Runner,
    freshness: Freshness,
    presetVars: () => void,
    streams: readonly Pick<LineSink, 'flush' | 'clear'>[],
    isRecorded: boolean,
  ) {
    if (isRecorded) {
      const remedy = 'leave out the option record, or make a new plugin for each call';
      throw new CreateError('UNSUPPORTED', `isolation: 'fresh' cannot be recorded; ${remedy}`);
    }
    this.#freshness = freshness;
    this.#kernel = kernel;
    this.#runner = runner;
    this.#presetVars = presetVars;
    this.#streams = streams;
    this.#logLevel = kernel.logLevel;
  }

  /** Keeps the state of an instance that has just been made. */
  keep(): void {
    this.#vars = this.#kernel.vars.snapshot();
    const why = this.#runner.whyNotFresh;
    Object.assign(this.#freshness, { inPlace: why === null, why });
  }

  /** To be called before the state may change. */
  use(): void {
    this.#isUsed = true;
  }

  /** Puts the state back. Returns false where that needs a new instance. */
  renew(): boolean {
    if (!this.#isUsed) return true;
    this.#isUsed = false;
    const kernel = this.#kernel;
    kernel.wipe();
    kernel.http = { status: 0, headers: {} };
    kernel.logLevel = this.#logLevel;
    this.#presetVars();
    for (const stream of this.#streams) {
      // Code of an instance that was handed out may have left a line without its end.
      stream.flush();
      stream.clear();
    }
    if (!this.#runner.isReady || !this.#runner.restore()) return false;
    kernel.vars.clear();
    for (const [name, value] of this.#vars) kernel.vars.set(name, value);
    return true;
  }
}
