import type { Message, Packet } from '../../actor/message/message.ts';
import type { StateMap } from '../../actor/state/state-store.ts';
import type { ActorState } from '../../actor/state/written-state.ts';
import type { Plan, PlanPort } from '../plan/plan.ts';

/** The state of a node. An engine that keeps it elsewhere writes the map of an `ActorState`, and gives back a map. */
export type NodeState = ActorState | StateMap;

/** Position in each source of a node: the number of its latest packet that a committed step has read. */
export type Positions = { readonly [source: string]: number };

/** The cause of packets that were sent without a call. */
export const OUTSIDE = '';

/** The first character of the causes that `accept` makes of ids. They outlive the process. */
export const ACCEPTED = '#';

/** The first character of the sources that are lists outside of the network. */
export const LIST = '@';

/** The source of the initial packets of a port. */
export const initialOf = (port: string): string => `initial > ${port}`;

/**
 * The source of packets that come to a port again. No edge has such an id. Messages of a join's letter overtake others that wait at the
 * join, so that they have a source of their own.
 */
export const againOf = (node: string, port: string, isJoined = false): string =>
  `!${JSON.stringify(isJoined ? [node, port, 'joined'] : [node, port])}`;

/** The origin of a packet. */
export interface Trace {
  /** The packets from outside that it comes from, by the ids that `send` got. A packet of a join has those of all its parts. */
  readonly causes: readonly string[];
  /** Number of nodes on its way. */
  readonly hops: number;
  /** The W3C header of the node that sent it, or of the sender outside. Absent without a trace. */
  readonly traceparent?: string;
  /** Set for the messages of one dead letter of a join: their number. They come one after the other, and are one packet again. */
  readonly together?: number;
}

/** A message on its way to a port of a node, or out of the network. */
export interface Delivery {
  /** The id of an edge, `> NAME` for a port of the network, or `initial > PORT`. */
  readonly source: string;
  /** 1, 2, 3 and so on in its source. */
  readonly position: number;
  readonly port: string;
  readonly message: Message;
  readonly trace: Trace;
}

/** A message that leaves the network. */
export interface Received extends Delivery {
  /** Rises with each message of a port, and is the same when the message comes again. */
  readonly number: number;
}

/** A message that a node sends. It goes to every edge that begins at the port, in the order of the plan. */
export interface Sent {
  readonly port: string;
  readonly message: Message;
  readonly trace: Trace;
}

/** A message that a node could not process, and whose error has no way; or an error that a node sent, and that has none. */
export interface DeadLetter {
  readonly node: string;
  readonly port: string;
  readonly message: Message;
  readonly code: string;
  readonly error: string;
  /** The whole packet that the node processed. */
  readonly packet: Packet;
  /** Where its messages came from. With `node` it names the step: no other step reads the same. */
  readonly read: readonly Pick<Delivery, 'source' | 'position' | 'port'>[];
  /** The W3C header of the step. Absent without a trace. */
  readonly traceparent?: string;
  /** The recording of the call that failed, if `actors.record` is set. The latest letters have theirs, up to 64 MiB in all. */
  readonly recording?: string;
}

/** The step of a node whose packet is dead, by the first message that it has read. */
export interface DeadStep extends Pick<Delivery, 'source' | 'position'> {
  readonly node: string;
}

/** The record of a node. It is replaced as a whole, or not at all. */
export interface NodeRecord {
  readonly positions: Positions;
  readonly state: NodeState;
}

/** All that a node changes at once. */
export interface NodeStep {
  /** The packets that the step has read, in order for each source. Earlier packets of the source count as read too. */
  readonly read: readonly Pick<Delivery, 'source' | 'position'>[];
  /** Undefined: the state stays as it is. */
  readonly state: NodeState | undefined;
  readonly sent: readonly Sent[];
  readonly dead: readonly DeadLetter[];
}

/** A node, or the part of it with one key. Engines that divide no nodes refuse a key. */
export interface NodeKey {
  readonly node: string;
  readonly key?: string | undefined;
}

/** The right to make the steps of a node. It ends when another session begins. */
export interface NodeSession {
  /** The record that the last committed step left; undefined before the first. */
  readonly record: NodeRecord | undefined;
  /** Fires when the session has ended, for any reason but `close`. */
  readonly lost: AbortSignal;
  /**
   * Resolves to the next packets, at least one, in order for each source; to none once the engine is closed. Packets that no
   * committed step has read come again in the next session.
   * @throws {NetworkError} NODE_FENCED; the reason of `signal`
   */
  take(max: number, signal?: AbortSignal): Promise<readonly Delivery[]>;
  /**
   * Keeps a step, all of it or nothing. Waits while an edge that the step sends to is full, unless the edge is inside a cycle.
   * @throws {NetworkError} NODE_FENCED, NETWORK_OVERFLOW, STEP_TOO_LARGE; the reason of `signal`. The step then was not kept
   */
  commit(step: NodeStep, signal?: AbortSignal): Promise<void>;
  /** Gives the node back. Packets that were taken stay for the next session. */
  close(): Promise<void>;
}

export interface SendOptions {
  /** A second packet with the same id is dropped. An engine remembers at least the last 1,000 ids of a port. */
  readonly id?: string | undefined;
  readonly trace?: Trace | undefined;
  /** Place of the message in a list elsewhere, for an engine that reads one. It is kept with the message. */
  readonly at?: { readonly source: string; readonly position: number } | undefined;
  /** Ends the wait for room. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keeps the packets and records of a network. test/contract/engine.ts is the contract.
 * RATIONALE: why-is-a-step-of-a-node-committed-as-one-thing
 */
export interface Engine {
  /** Size of the largest step in bytes, as `messageBytes` counts. */
  readonly maxStepBytes: number;
  /** Deliveries that a node may take before it commits. */
  readonly batch: number;
  /** Prepares the network. Initial packets of a node without a record are put before all others. Called once. */
  open(plan: Plan): Promise<void>;
  /**
   * A step of a node begins. Resolves when it may, to a function that is called at its end, before its commit. Only engines that
   * count how often a process dies during a step have it, and after such a death only.
   * @throws {NetworkError} TOO_MANY_ATTEMPTS
   */
  begin?(node: string): Promise<() => void> | undefined;
  /** Begins to make the steps of a node. An earlier session of the node is fenced. */
  own(key: NodeKey, signal?: AbortSignal): Promise<NodeSession>;
  /**
   * Puts a message into a port of the network. While the way is full, it waits. Resolves once the message is kept, to true; or to
   * false if its id came before.
   */
  send(port: string, message: Message, options?: SendOptions): Promise<boolean>;
  /**
   * Puts a message on its way to a port of a node to which the plan leads packets, as if it had come again. While the way is full,
   * it waits. Resolves once the message is kept.
   */
  sendTo(to: PlanPort, message: Message, options?: Omit<SendOptions, 'id' | 'at'>): Promise<void>;
  /** The messages of a port of the network. Each goes to one reader. Ends once the engine is closed. */
  receive(port: string): AsyncIterable<Received>;
  /** A reader has used a message of `receive`. Until then it comes again after a crash. */
  done(port: string, delivery: Delivery): void;
  /** The latest dead letters, at least 1,000. */
  dead(): Promise<readonly DeadLetter[]>;
  /**
   * Puts the packet of a dead letter on its way to its node again, and drops the letters of its step, as one thing. While the way is
   * full, it waits. Resolves to false if there is no such letter.
   */
  redrive(step: DeadStep, trace?: Trace): Promise<boolean>;
  close(): Promise<void>;
}
