export type {
  Component,
  ComponentClass,
  ComponentContext,
  ComponentFunction,
  ComponentGraph,
  ComponentModule,
} from './component.ts';
export type { BoundOptions } from './engine/bounds.ts';
export type { DeadLetter } from './engine/engine.ts';
export type { LastingEngine } from './engine/lasting.ts';
export { NetworkError, type NetworkErrorCode } from './errors.ts';
export type { Hop, NetworkHappened, NetworkHappening, NetworkListener, NetworkPhase } from './events.ts';
export type { GraphInput } from './graph/graph.ts';
export type { PortType } from './graph/port-type.ts';
export { Network } from './network.ts';
export type { NetworkOptions, SubscribeOptions } from './network-options.ts';
export type { ComponentFacts, PlanOptions } from './plan/make-plan.ts';
export type {
  ExposedPort,
  InitialPacket,
  Plan,
  PlanEdge,
  PlanGroup,
  PlanNode,
  PlanPort,
  PlanWarning,
} from './plan/plan.ts';
export { toDot, toMermaid } from './plan/print.ts';
export type { NetworkInport, NetworkOutport, TracedMessage } from './ports.ts';
export type { CallResult, NetworkSnapshot } from './results.ts';
export type { NetworkSendOptions } from './traceparent.ts';
