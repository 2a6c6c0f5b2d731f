export { type DurableNetwork, durableNetwork } from './durable-network.ts';
export type { DurableNetworkOptions } from './options.ts';
export type { Waiting } from './outbox.ts';
export type { DeliveryItem, Forward } from './storage.ts';
