import type { Report } from '../actor/errors.ts';
import { Listeners } from '../actor/listeners.ts';
import type { Packet } from '../actor/message/message.ts';
import { findChannel } from '../platform/web-context.ts';
import type { NetworkHappened, NetworkHappening, NetworkListener } from './events.ts';
import { copyPacket } from './own-packet.ts';

/** The packets of a step, for listeners that want them. */
export interface StepPackets {
  readonly input: Packet;
  readonly output: readonly Packet[];
}

const copied = (packets: StepPackets | undefined): StepPackets | undefined =>
  packets && { input: copyPacket(packets.input), output: packets.output.map(copyPacket) };

const CHANNEL = 'plugboard:network';

/** Calls the listeners of a network, and the subscribers of its diagnostics channel. */
export class NetworkEvents {
  readonly #network: string;
  readonly #listeners: Listeners<NetworkHappened>;
  /** Those that get the packets of steps too. */
  readonly #withPackets: Listeners<NetworkHappened>;
  readonly #channel = findChannel(globalThis, CHANNEL);

  constructor(network: string, report: Report) {
    this.#network = network;
    this.#listeners = new Listeners(report);
    this.#withPackets = new Listeners(report);
  }

  /** Whether anybody listens. Hops are measured only then. */
  get isHeard(): boolean {
    return this.#listeners.isHeard || this.#withPackets.isHeard || this.#channel?.hasSubscribers === true;
  }

  subscribe(listener: NetworkListener, withPackets: boolean): () => void {
    return (withPackets ? this.#withPackets : this.#listeners).add(listener);
  }

  emit(happening: NetworkHappening, packets?: StepPackets): void {
    if (!this.isHeard) return;
    const event = Object.freeze({ ...happening, network: this.#network, atMs: Date.now() });
    this.#listeners.call(event);
    if (this.#withPackets.isHeard) this.#withPackets.call(Object.freeze({ ...event, ...copied(packets) }));
    if (this.#channel?.hasSubscribers) this.#channel.publish(event);
  }
}
