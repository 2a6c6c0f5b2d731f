import type { MessageType } from '../actor/message/types.ts';

/** Version of the form of `PluginTypes`. A change that old readers would misread raises it. */
export const PLUGIN_TYPES_VERSION = 1;

/**
 * The types of a plugin as data that JSON can hold. Names and descriptions are foreign text: the printers quote and escape them.
 */
export interface PluginTypes {
  version: typeof PLUGIN_TYPES_VERSION;
  /** `xtp`: an XTP schema. `metadata`: the metadata of an actor. `exports`: the names in the module, and nothing more. */
  from: 'xtp' | 'metadata' | 'exports';
  kind: 'functions' | 'actor';
  description: string;
  /** The exports that a host may call. Empty for an actor. */
  exports: FunctionTypes[];
  /** The host functions that an XTP schema describes. */
  imports: FunctionTypes[];
  /** Types that others refer to by name. */
  schemas: NamedType[];
  /** Null for a plugin that is not an actor. */
  actor: ActorTypes | null;
  /** Facts that could not be known, as sentences. */
  unknown: string[];
}

export interface FunctionTypes {
  name: string;
  description: string;
  /** Null for a function without input. */
  input: Payload | null;
  /** Null for a function without output. */
  output: Payload | null;
}

/** Bytes that cross between host and plugin, and their reading. */
export interface Payload {
  /** `json`: UTF-8 JSON. `text`: UTF-8. `bytes`: as they are. `unknown`: bytes of a form that is not known. */
  encoding: 'json' | 'text' | 'bytes' | 'unknown';
  description: string;
  type: DataType;
}

export interface ActorTypes {
  component: string;
  /** Empty where the plugin does not name its ports. */
  inports: PortTypes[];
  outports: PortTypes[];
  /** The type of the config; null where the plugin has no schema for it. */
  config: DataType | null;
  /** The encoding of its messages: `json`, `msgpack`, or another name. */
  encoding: string;
}

export interface PortTypes {
  name: string;
  description: string;
  /** Null where the metadata names no known type of messages. */
  message: MessageType | null;
  required: boolean;
}

export interface NamedType {
  name: string;
  description: string;
  type: DataType;
}

/** A type of JSON values. `bytes` and `date` are strings in JSON: base64, and a time of ISO 8601. */
export type DataType =
  | { kind: 'any' | 'null' | 'string' | 'boolean' | 'integer' | 'number' | 'bytes' | 'date' }
  | { kind: 'literals'; values: (string | number | boolean | null)[] }
  | { kind: 'array'; items: DataType }
  | { kind: 'map'; values: DataType }
  | { kind: 'object'; properties: PropertyType[] }
  | { kind: 'union'; of: DataType[] }
  /** One of `schemas`. */
  | { kind: 'schema'; name: string };

export interface PropertyType {
  name: string;
  description: string;
  required: boolean;
  type: DataType;
}

export const ANY: DataType = { kind: 'any' };

/** The type or null. */
export const nullable = (type: DataType): DataType => ({ kind: 'union', of: [type, { kind: 'null' }] });

/**
 * Returns the names of schemas that lead to themselves alone, such as `A` and `B` in `A = B | null, B = A`. Such a type has no
 * values, and TypeScript refuses it. A cycle through objects, arrays or maps is a tree of values.
 */
export function findCyclic(schemas: readonly NamedType[]): string[] {
  const waiting = new Map(schemas.map(({ name, type }) => [name, new Set(namesIn(type))]));
  const users = new Map<string, string[]>();
  for (const [name, targets] of waiting) {
    for (const target of targets) {
      const known = users.get(target);
      if (known) known.push(name);
      else users.set(target, [name]);
    }
  }
  const settled = [...waiting].filter(([, targets]) => targets.size === 0).map(([name]) => name);
  for (const name of settled) {
    waiting.delete(name);
    for (const user of users.get(name) ?? []) {
      const targets = waiting.get(user);
      if (targets?.delete(name) && targets.size === 0) settled.push(user);
    }
  }
  return [...waiting.keys()];
}

/** The schemas that a type is, without a list, a map or an object around them. */
const namesIn = (type: DataType): string[] =>
  type.kind === 'schema' ? [type.name] : type.kind === 'union' ? type.of.flatMap(namesIn) : [];
