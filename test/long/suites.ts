import type { LongCase } from './case.ts';

/** The suites of `npm run test:long`, by name. Each is loaded alone: Deno may not load the tools that those on Node need. */
export const SUITES: Readonly<Record<string, () => Promise<readonly LongCase[]>>> = {
  durable: async () => (await import('./durable.ts')).DURABLE_CASES,
  memory: async () => (await import('./memory.ts')).MEMORY_CASES,
  modules: async () => (await import('./modules.ts')).MODULE_CASES,
  nats: async () => (await import('./nats.ts')).NATS_CASES,
  network: async () => (await import('./network.ts')).NETWORK_CASES,
  reach: async () => (await import('./reach.ts')).REACH_CASES,
  spec: async () => (await import('./spec.ts')).SPEC_CASES,
  stop: async () => (await import('./stop.ts')).STOP_CASES,
  text: async () => (await import('./text.ts')).TEXT_CASES,
  thorough: async () => (await import('./thorough.ts')).THOROUGH_CASES,
  trace: async () => (await import('./trace.ts')).TRACE_CASES,
};
