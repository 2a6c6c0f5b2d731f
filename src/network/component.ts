import {
  aFlag,
  anything,
  aText,
  kind,
  type OptionTable,
  type Refuse,
  readOptions,
} from '../../wasi/options.ts';
import type { PluginMetadata, PortDefinition } from '../actor/engine/metadata.ts';
import type { ModuleSource } from '../actor/engine/module-source.ts';
import { describe, readForeign, refuseOption } from '../actor/errors.ts';
import type { JsonObject, JsonValue } from '../actor/json/value.ts';
import type { Packet } from '../actor/message/message.ts';
import { excerpt, messageOf } from '../errors.ts';
import type { GraphInput } from './graph/graph.ts';

/** The surroundings of one call of a component that is a function or a class. */
export interface ComponentContext {
  /** The id of the node. */
  readonly node: string;
  /** The metadata of the node. */
  readonly config: JsonObject;
  /** The packet that is processed. */
  readonly input: Packet;
  /** The state of the node. Changes are kept when the call succeeds. Replace values; do not change them in place. */
  readonly state: Map<string, JsonValue>;
  /** The W3C header of this call, for requests that it makes. Set if the packet belongs to a trace, or somebody listens. */
  readonly traceparent: string | undefined;
  /** Fires when the network is stopped without waiting for the call. */
  readonly signal: AbortSignal;
  /** Sends a packet before the result. It leaves the node when the call has ended. */
  send(packet: Packet): void;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a function without `return` has this type.
type Result = Packet | readonly Packet[] | undefined | void;

/** A component in TypeScript. Returns the packets that it sends. If it throws, the node sends the error. */
export type ComponentFunction = (packet: Packet, context: ComponentContext) => Result | Promise<Result>;

/** A component of Reflow's shape. Each node has an instance of its own, made with the metadata of the node. */
export type ComponentClass = new (
  config: JsonObject,
) => {
  readonly inports?: readonly string[];
  readonly outports?: readonly string[];
  /** Whether a call waits for a message of each connected port. */
  readonly awaitAllInports?: boolean;
  run(context: ComponentContext): Result | Promise<Result>;
};

/** A WASM actor. */
export interface ComponentModule {
  /** The module: bytes, a compiled module, a URL, or the path of a file. */
  source: ModuleSource;
  /** The export that takes each message. Default: `process`. */
  entryPoint?: string | undefined;
  /** Whether a call waits for a message of each connected port. Default: as the metadata of each node says, else no. */
  awaitAllInports?: boolean | undefined;
}

/** A graph as a component: a subgraph. */
export interface ComponentGraph {
  /** The graph file: its text, its bytes, or the object. Its exposed ports are the ports of the component. */
  graph: GraphInput;
}

export type Component = ComponentModule | ComponentGraph | ComponentFunction | ComponentClass;

const aSource = {
  ...kind<ModuleSource>('a module', value => value !== null),
  default: 'none',
  required: true,
} as const;

export const COMPONENT_MODULE: OptionTable<ComponentModule> = {
  of: 'components of Network.create',
  rows: {
    source: aSource,
    entryPoint: { ...aText, default: 'process' },
    awaitAllInports: { ...aFlag, default: 'as the metadata of the node says' },
  },
};

export const COMPONENT_GRAPH: OptionTable<ComponentGraph> = {
  of: 'subgraphs of Network.create',
  rows: { graph: { ...anything, type: 'a graph', default: 'none', required: true } },
};

/** A component that was checked. */
export type ReadComponent =
  | { readonly kind: 'module'; readonly module: ComponentModule }
  | { readonly kind: 'graph'; readonly graph: GraphInput }
  | { readonly kind: 'function'; readonly make: (config: JsonObject, node: string) => Runnable };

/** A component in TypeScript, for one node. */
export interface Runnable {
  readonly ports: Pick<PluginMetadata, 'inports' | 'outports'>;
  /** Undefined: as the metadata of the node says. */
  readonly awaitAllInports: boolean | undefined;
  run(context: ComponentContext): unknown;
}

/** @throws {ActorError} INVALID_CONFIG */
export function readComponent(given: unknown, name: string): ReadComponent {
  const where = `components.${name}`;
  if (typeof given === 'function') {
    const make = readForeign(where, () => isClass(given as ComponentFunction))
      ? (config: JsonObject, node: string) =>
          instanceOf(given as unknown as ComponentClass, config, `node ${describe(node)}: ${where}`)
      : () => ({ ports: NO_PORTS, awaitAllInports: undefined, run: calling(given as ComponentFunction) });
    return { kind: 'function', make };
  }
  const isGraph = readForeign(where, () => Object.hasOwn(Object(given), 'graph'));
  return isGraph
    ? { kind: 'graph', graph: readOptions(COMPONENT_GRAPH, given, where, refuseOption).graph }
    : { kind: 'module', module: readOptions(COMPONENT_MODULE, given, where, refuseOption) };
}

/** `run` may be a field, which the prototype does not have. Only the prototype of a class can never be replaced. */
const isClass = (given: ComponentFunction): boolean =>
  typeof given.prototype?.run === 'function' ||
  Object.getOwnPropertyDescriptor(given, 'prototype')?.writable === false;

const NO_PORTS = { inports: [], outports: [] };

const calling = (run: ComponentFunction) => (context: ComponentContext) => run(context.input, context);

function instanceOf(Class: ComponentClass, config: JsonObject, where: string): Runnable {
  const instance = make(Class, config, where);
  return readForeign(where, () => {
    if (typeof instance.run !== 'function') refuseOption(`${where}: expected a class with a method run`);
    const names = (key: 'inports' | 'outports'): PortDefinition[] =>
      readNames(instance[key], `${where}.${key}`, refuseOption).map(name => ({
        name,
        description: '',
        port_type: 'Any',
        required: false,
      }));
    return {
      ports: { inports: names('inports'), outports: names('outports') },
      awaitAllInports: instance.awaitAllInports === true || undefined,
      run: context => instance.run(context),
    };
  });
}

function make(Class: ComponentClass, config: JsonObject, where: string) {
  try {
    return new Class(config);
  } catch (cause) {
    return refuseOption(`${where}: its constructor threw ${excerpt(messageOf(cause))}`, undefined, { cause });
  }
}

function readNames(given: unknown, where: string, refuse: Refuse): readonly string[] {
  if (given === undefined) return [];
  if (Array.isArray(given) && given.every(name => typeof name === 'string')) return [...given];
  return refuse(`${where}: expected a list of names`);
}
