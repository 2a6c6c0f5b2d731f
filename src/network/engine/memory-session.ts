import { fenced, networkStopped } from '../errors.ts';
import type { Delivery, NodeRecord, NodeSession, NodeStep } from './engine.ts';
import type { Inbox } from './inbox.ts';

/** The parts of the engine that its sessions use. */
export interface SessionOwner {
  isClosed(): boolean;
  commit(node: string, step: NodeStep, signal?: AbortSignal): void | Promise<void>;
  /** The session waits for packets. */
  pause(node: string): void;
  leave(session: MemorySession): void;
}

export class MemorySession implements NodeSession {
  readonly node: string;
  readonly #inbox: Inbox;
  readonly #owner: SessionOwner;
  readonly #lost = new AbortController();
  #isOpen = true;

  constructor(owner: SessionOwner, node: string, inbox: Inbox) {
    this.#owner = owner;
    this.node = node;
    this.#inbox = inbox;
    inbox.rewind();
  }

  get record(): NodeRecord | undefined {
    return this.#inbox.record;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  take(max: number, signal?: AbortSignal): Promise<readonly Delivery[]> {
    if (!this.#isOpen) return Promise.reject(fenced(this.node));
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#owner.isClosed()) return Promise.resolve([]);
    return this.#inbox.take(max, signal, this.#pause);
  }

  async commit(step: NodeStep, signal?: AbortSignal): Promise<void> {
    this.#check();
    if (this.#owner.isClosed()) throw networkStopped(`node ${this.node}`);
    // A commit that need not wait is done at once.
    const waiting = this.#owner.commit(this.node, step, signal);
    if (waiting) await waiting;
  }

  async close(): Promise<void> {
    this.#end();
  }

  /** Ends the session for another one. */
  fence(): void {
    if (this.#end()) this.#lost.abort(fenced(this.node));
  }

  #end(): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    this.#inbox.fence();
    this.#owner.leave(this);
    return true;
  }

  readonly #pause = (): void => this.#owner.pause(this.node);

  #check(): void {
    if (!this.#isOpen) throw fenced(this.node);
  }
}
