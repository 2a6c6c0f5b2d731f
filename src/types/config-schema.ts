import { TYPES_LIMITS } from './limits.ts';
import { ANY, type DataType, findCyclic, type NamedType, nullable } from './plugin-types.ts';
import type { Plain } from './yaml-scalars.ts';

// The part of JSON Schema that has a form in TypeScript. Anything else is `any`: a config type only helps to write a config, and
// the plugin or a validator checks it. https://json-schema.org/draft/2020-12

type Node = { readonly [key: string]: Plain };

const isNode = (value: Plain | undefined): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const own = (node: Node, key: string): Plain | undefined =>
  Object.hasOwn(node, key) ? node[key] : undefined;
const text = (value: Plain | undefined): string => (typeof value === 'string' ? value : '');

const SIMPLE = new Map<Plain, DataType>(
  (['string', 'boolean', 'integer', 'number', 'null'] as const).map(kind => [kind, { kind }]),
);

const MOST_DEPTH = TYPES_LIMITS.typeDepth.default;

/** Returns the type of a config, and the types of the definitions that it refers to. */
export function readConfigSchema(schema: Plain): { config: DataType; schemas: NamedType[] } {
  const definitions = new Map<string, Plain>();
  for (const key of ['definitions', '$defs']) {
    const found = isNode(schema) ? own(schema, key) : undefined;
    if (isNode(found)) for (const [name, value] of Object.entries(found)) definitions.set(name, value);
  }
  const config = typeOf(schema, definitions);
  const schemas = [...definitions].map(([name, value]) => ({
    name,
    description: isNode(value) ? text(own(value, 'description')) : '',
    type: typeOf(value, definitions),
  }));
  const cyclic = new Set(findCyclic(schemas));
  return {
    config,
    schemas: schemas.map(schema => (cyclic.has(schema.name) ? { ...schema, type: ANY } : schema)),
  };
}

function typeOf(schema: Plain | undefined, definitions: ReadonlyMap<string, Plain>, depth = 0): DataType {
  if (!isNode(schema) || depth > MOST_DEPTH) return ANY;
  const inner = (value: Plain | undefined) => typeOf(value, definitions, depth + 1);
  const get = (key: string) => own(schema, key);
  const type = bare();
  return get('nullable') === true ? nullable(type) : type;

  function bare(): DataType {
    const reference = get('$ref');
    if (reference !== undefined) {
      const name = /^#\/(?:definitions|\$defs)\/([^/]+)$/.exec(text(reference))?.[1];
      return name !== undefined && definitions.has(name) ? { kind: 'schema', name } : ANY;
    }
    const values = Object.hasOwn(schema as Node, 'const') ? [get('const')!] : get('enum');
    if (Array.isArray(values)) {
      const isLiteral = (value: Plain) => typeof value !== 'object' || value === null;
      return values.length > 0 && values.every(isLiteral)
        ? { kind: 'literals', values: values as (string | number | boolean | null)[] }
        : ANY;
    }
    for (const key of ['anyOf', 'oneOf', 'allOf']) {
      const parts = get(key);
      // A type of several parts at once has no form here.
      if (!Array.isArray(parts) || parts.length === 0 || (key === 'allOf' && parts.length > 1)) continue;
      return parts.length === 1 ? inner(parts[0]) : { kind: 'union', of: parts.map(inner) };
    }
    const kinds = get('type');
    // Each kind once: a list of many equal ones at each level would take exponential time.
    if (Array.isArray(kinds))
      return kinds.length > 0 ? { kind: 'union', of: [...new Set(kinds)].map(named) } : ANY;
    return named(kinds ?? (isNode(get('properties')) ? 'object' : null));
  }

  function named(kind: Plain): DataType {
    if (kind === 'array') return { kind: 'array', items: inner(get('items')) };
    if (kind !== 'object') return SIMPLE.get(kind) ?? ANY;
    const properties = get('properties');
    if (!isNode(properties)) return { kind: 'map', values: inner(get('additionalProperties')) };
    const required = get('required');
    return {
      kind: 'object',
      properties: Object.entries(properties).map(([name, value]) => ({
        name,
        description: isNode(value) ? text(own(value, 'description')) : '',
        required: Array.isArray(required) && required.includes(name),
        type: inner(value),
      })),
    };
  }
}
