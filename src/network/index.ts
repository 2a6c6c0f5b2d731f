export { NetworkError, type NetworkErrorCode } from './errors.ts';
export type { GraphInput } from './graph/graph.ts';
export type { PortType } from './graph/port-type.ts';
export { Network } from './network.ts';
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
