import type { Later } from '../values/later.ts';
import type { Inbox } from './inbox.ts';
import type { Mailbox } from './mailbox.ts';
import type { Part } from './message/codec.ts';
import type { Packet } from './message/message.ts';

/** Takes the payloads of an inbox one after the other, and sends the packets of each to an outbox. */
export class Pump {
  readonly #inbox: Inbox;
  readonly #outbox: Mailbox<Packet>;
  readonly #work: (payload: Part) => Later<readonly Packet[]>;
  /** `waiting`: for a payload. `busy`: with one. */
  #stage: 'new' | 'waiting' | 'busy' | 'ended' = 'new';
  #ended: Promise<void> = Promise.resolve();
  #idleListeners: (() => void)[] = [];

  /** @param work returns the packets to send; must not reject */
  constructor(inbox: Inbox, outbox: Mailbox<Packet>, work: (payload: Part) => Later<readonly Packet[]>) {
    this.#inbox = inbox;
    this.#outbox = outbox;
    this.#work = work;
  }

  /** A second `start` has no effect. */
  start(): void {
    if (this.#stage === 'new') this.#ended = this.#run();
  }

  /** Resolves when the inbox is closed and its payloads are processed; at once if the pump was never started. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Whether it has no payload and takes none. Payloads that wait for a pump that was never started do not count. */
  get isIdle(): boolean {
    return this.#stage === 'waiting' ? this.#inbox.size === 0 : this.#stage !== 'busy';
  }

  async whenIdle(): Promise<void> {
    if (!this.isIdle) await new Promise<void>(resolve => this.#idleListeners.push(resolve));
  }

  async #run(): Promise<void> {
    for (let payload = await this.#take(); payload !== undefined; payload = await this.#take()) {
      this.#stage = 'busy';
      for (const packet of await this.#work(payload)) await this.#outbox.send(packet);
    }
    this.#enter('ended');
  }

  #take(): Promise<Part | undefined> {
    this.#enter('waiting');
    return this.#inbox.take();
  }

  #enter(stage: 'waiting' | 'ended'): void {
    this.#stage = stage;
    if (this.isIdle) for (const listener of this.#idleListeners.splice(0)) listener();
  }
}
