import type { ScriptActor } from '../actor/actor.ts';
import { describe } from '../actor/errors.ts';
import type { JsonObject, JsonValue } from '../actor/json/value.ts';
import { copyJson } from '../actor/json/writer.ts';
import type { Packet } from '../actor/message/message.ts';
import { ProcessError } from '../actor/process-error.ts';
import { isSameState } from '../actor/state/written-state.ts';
import { PlugboardError } from '../errors.ts';
import { isThenable } from '../values/thenable.ts';
import type { ComponentContext, Runnable } from './component.ts';
import type { NodeState } from './engine/engine.ts';
import { networkStopped } from './errors.ts';
import type { HopTrace } from './hop-trace.ts';
import { ownPacket } from './own-packet.ts';

/** The outcome of one step of a node. */
export interface Outcome {
  /** The state after the step; the one from before if it did not change. */
  readonly state: NodeState;
  readonly packets: readonly Packet[];
  readonly error: ProcessError | undefined;
}

/** Processes the packets of one node. Keeps nothing: the state comes and goes with each step. */
export interface NodeWorker {
  /** Never rejects. */
  step(state: NodeState, packet: Packet, traceparent: string | undefined): Promise<Outcome>;
  /** Forgets steps that were not committed. */
  dropInstance(): Promise<void>;
  /** Aborts the step that runs, if there is one. */
  close(): Promise<void>;
}

/** A node whose component is a module. */
export class ModuleWorker implements NodeWorker {
  readonly #actor: ScriptActor;
  readonly #trace: HopTrace | undefined;

  constructor(actor: ScriptActor, trace: HopTrace | undefined) {
    this.#actor = actor;
    this.#trace = trace;
  }

  step(state: NodeState, packet: Packet, traceparent: string | undefined): Promise<Outcome> {
    if (this.#trace) this.#trace.traceparent = traceparent;
    return this.#actor.step(state, packet).catch(cause => failed(state, cause, []));
  }

  dropInstance(): Promise<void> {
    return this.#actor.dropInstance();
  }

  close(): Promise<void> {
    return this.#actor.stop({ drain: false });
  }
}

/** A node whose component is a function or a class. A step that fails does not change its state. */
export class FunctionWorker implements NodeWorker {
  readonly #node: string;
  readonly #config: JsonObject;
  readonly #make: () => Runnable;
  #runnable: Runnable;
  readonly #closed = new AbortController();
  /** Ends the wait for the function that runs, which may never end. */
  #leave: ((error: Error) => void) | undefined;

  constructor(node: string, config: JsonObject, runnable: Runnable, make: () => Runnable) {
    this.#node = node;
    this.#config = config;
    this.#make = make;
    this.#runnable = runnable;
  }

  async step(before: NodeState, packet: Packet, traceparent: string | undefined): Promise<Outcome> {
    const old = before instanceof Map ? before : before.state;
    const state = new Map(old);
    const packets: Packet[] = [];
    let isOver = false;
    try {
      const context: ComponentContext = {
        node: this.#node,
        config: this.#config,
        // Other nodes may have the same messages.
        input: ownPacket(packet, ['input']),
        state,
        traceparent,
        signal: this.#closed.signal,
        send: given => {
          if (isOver) throw callOver(this.#node);
          packets.push(ownPacket(given, ['packet']));
        },
      };
      const running = this.#runnable.run(context);
      const result = isThenable(running) ? await this.#orClosed(running) : running;
      const results = result === undefined || result === null ? [] : [result].flat();
      packets.push(...results.map(given => ownPacket(given, ['result'])));
      if (isSameState(state, old)) return { state: before, packets, error: undefined };
      const copy = copyJson(Object.fromEntries(state), ['state']) as JsonObject;
      return { state: new Map<string, JsonValue>(Object.entries(copy)), packets, error: undefined };
    } catch (cause) {
      return failed(before, cause, packets);
    } finally {
      isOver = true;
    }
  }

  async dropInstance(): Promise<void> {
    this.#runnable = this.#make();
  }

  async close(): Promise<void> {
    const error = networkStopped(`node ${this.#node}`);
    this.#closed.abort(error);
    this.#leave?.(error);
  }

  // Not `Promise.race` with one promise for all steps, which would remember every step.
  #orClosed(running: PromiseLike<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#leave = reject;
      running.then(resolve, reject);
    });
  }
}

const callOver = (node: string): PlugboardError =>
  new PlugboardError(
    'CALL_OVER',
    `send: expected a call that runs, got one of node ${describe(node)} that is over`,
  );

const failed = (state: NodeState, cause: unknown, packets: readonly Packet[]): Outcome => ({
  state,
  packets,
  error: cause instanceof ProcessError ? cause : new ProcessError(cause, packets),
});
