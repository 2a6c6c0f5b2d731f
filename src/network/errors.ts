import { describe } from '../actor/errors.ts';
import { formatPath, type JsonValue } from '../actor/json/value.ts';
import type { ACTOR_ERROR_CODES } from '../actor-error-codes.ts';
import { excerpt, messageOf, PlugboardError } from '../errors.ts';

/** The codes that networks add. Nodes fail with the codes of actors. */
export type NetworkErrorCode = Extract<
  (typeof ACTOR_ERROR_CODES)[number]['code'],
  | 'INVALID_GRAPH'
  | 'GRAPH_TOO_LARGE'
  | 'UNKNOWN_COMPONENT'
  | 'UNKNOWN_PORT'
  | 'NODE_FENCED'
  | 'NETWORK_OVERFLOW'
  | 'STEP_TOO_LARGE'
  | 'TOO_MANY_ATTEMPTS'
  | 'NATS_TOO_OLD'
  | 'NATS_CLIENT_MISSING'
  | 'NETWORK_STOPPED'
>;

export class NetworkError extends PlugboardError {
  override readonly name: string = 'NetworkError';
  declare readonly code: NetworkErrorCode;
  constructor(code: NetworkErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** Where a value stands in a graph file, such as `graph.connections[3].to`. */
export type Path = readonly (string | number)[];

/** @throws {NetworkError} INVALID_GRAPH with the path */
export function refuse(at: Path, problem: string): never {
  throw new NetworkError('INVALID_GRAPH', `${formatPath(at)}: ${problem}`);
}

/** @throws {NetworkError} INVALID_GRAPH with the path */
export const refuseValue = (at: Path, expected: string, got: JsonValue | undefined): never =>
  refuse(at, `expected ${expected}, got ${got === undefined ? 'nothing' : describe(got)}`);

/** The error of an engine for a session that is not the latest of its node. */
export const fenced = (node: string): NetworkError =>
  new NetworkError(
    'NODE_FENCED',
    `node ${describe(node)}: another session has taken it over; open a new one`,
  );

export const networkStopped = (
  what: string,
  cause?: unknown,
  why: 'after a failure' | 'since its signal fired' = 'after a failure',
): NetworkError =>
  cause === undefined
    ? new NetworkError('NETWORK_STOPPED', `${what}: the network has stopped`)
    : new NetworkError(
        'NETWORK_STOPPED',
        `${what}: the network has stopped ${why}: ${excerpt(messageOf(cause))}`,
        { cause },
      );

export const unknownEnd = (node: string, port: string): NetworkError =>
  new NetworkError(
    'UNKNOWN_PORT',
    `send: the graph leads no packet to port ${describe(port)} of node ${describe(node)}`,
  );

export const unknownInport = (method: string, port: string, ports: readonly string[]): NetworkError =>
  new NetworkError(
    'UNKNOWN_PORT',
    `${method}: the network has no inport ${describe(port)}; there are ${ports.map(name => describe(name)).join(', ') || 'none'}`,
  );
