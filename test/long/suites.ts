import type { LongCase } from './case.ts';
import { DURABLE_CASES } from './durable.ts';
import { MEMORY_CASES } from './memory.ts';
import { MODULE_CASES } from './modules.ts';
import { NATS_CASES } from './nats.ts';
import { NETWORK_CASES } from './network.ts';
import { REACH_CASES } from './reach.ts';
import { SPEC_CASES } from './spec.ts';
import { STOP_CASES } from './stop.ts';
import { TEXT_CASES } from './text.ts';
import { THOROUGH_CASES } from './thorough.ts';
import { TRACE_CASES } from './trace.ts';

/** The suites of `npm run test:long`, by name. */
export const SUITES: Readonly<Record<string, readonly LongCase[]>> = {
  durable: DURABLE_CASES,
  memory: MEMORY_CASES,
  modules: MODULE_CASES,
  nats: NATS_CASES,
  network: NETWORK_CASES,
  reach: REACH_CASES,
  spec: SPEC_CASES,
  stop: STOP_CASES,
  text: TEXT_CASES,
  thorough: THOROUGH_CASES,
  trace: TRACE_CASES,
};
