import { ActorError, describe } from '../errors.ts';
import { readJson } from '../json/reader.ts';
import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { copyJson } from '../json/writer.ts';

export interface PortDefinition {
  name: string;
  description: string;
  /** By convention the name of a message type. */
  port_type: string;
  required: boolean;
}

/** The metadata of a plugin: the output of its export `get_metadata`. */
export interface PluginMetadata {
  component: string;
  description: string;
  inports: PortDefinition[];
  outports: PortDefinition[];
  /** A JSON Schema of the node's config, or null. */
  config_schema: JsonValue;
  /** The encoding of its context and result, such as `msgpack`. Missing: JSON. */
  encoding?: string;
}

/**
 * Reads the output of `get_metadata`. Missing or null lists are empty (Go writes a nil slice as null); unknown keys are
 * ignored.
 * @throws {ActorError} INVALID_METADATA with the path, JSON_SYNTAX and the other codes of `readJson`
 */
export function readMetadata(output: Uint8Array): PluginMetadata {
  const json = readJson(output, { what: 'plugin metadata' });
  if (!isJsonObject(json)) throw wrong('', 'an object', json);
  const component = text(json, 'component', '');
  if (component === '') throw wrong('.component', 'a name', component);
  const encoding = text(json, 'encoding', '', '');
  return {
    component,
    description: text(json, 'description', '', ''),
    inports: ports(json, 'inports'),
    outports: ports(json, 'outports'),
    config_schema: getOwn(json, 'config_schema') ?? null,
    ...(encoding !== '' && { encoding }),
  };
}

/** Returns a copy, in which whole numbers stay floats where the plugin wrote them so. */
export const copyMetadata = (metadata: PluginMetadata): PluginMetadata => ({
  ...metadata,
  inports: metadata.inports.map(port => ({ ...port })),
  outports: metadata.outports.map(port => ({ ...port })),
  config_schema: copyJson(metadata.config_schema, ['config_schema']),
});

function ports(json: JsonObject, key: 'inports' | 'outports'): PortDefinition[] {
  const list = getOwn(json, key) ?? [];
  if (!Array.isArray(list)) throw wrong(`.${key}`, 'a list of ports', list);
  return list.map((port, index) => {
    const where = `.${key}[${index}]`;
    if (!isJsonObject(port)) throw wrong(where, 'an object', port);
    const required = getOwn(port, 'required') ?? false;
    if (typeof required !== 'boolean') throw wrong(`${where}.required`, 'true or false', required);
    return {
      name: text(port, 'name', where),
      description: text(port, 'description', where, ''),
      port_type: text(port, 'port_type', where, 'Any'),
      required,
    };
  });
}

function text(json: JsonObject, key: string, where: string, fallback?: string): string {
  const value = getOwn(json, key) ?? fallback;
  if (typeof value !== 'string') throw wrong(`${where}.${key}`, 'a string', value);
  return value;
}

const wrong = (where: string, expected: string, got: unknown) =>
  new ActorError('INVALID_METADATA', `plugin metadata${where}: expected ${expected}, got ${describe(got)}`);
