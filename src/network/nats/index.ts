export type { NatsConnection } from './jet-stream.ts';
export { NatsEngine } from './nats-engine.ts';
export type { NatsEngineOptions } from './nats-options.ts';
