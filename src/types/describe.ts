import {
  aText,
  expected,
  type Kind,
  type OptionTable,
  type Refuse,
  readOptions,
  refuseExtra,
} from '../../wasi/options.ts';
import { type PluginMetadata, type PortDefinition, readMetadata } from '../actor/engine/metadata.ts';
import { ActorError } from '../actor/errors.ts';
import { writeText } from '../actor/json/writer.ts';
import { isMessageType, type MessageType, TYPES } from '../actor/message/types.ts';
import { describe, PlugboardError } from '../errors.ts';
import { inspect } from '../inspect/index.ts';
import type { Inspection } from '../inspect/inspection.ts';
import { readConfigSchema } from './config-schema.ts';
import {
  type ActorTypes,
  ANY,
  type FunctionTypes,
  PLUGIN_TYPES_VERSION,
  type PluginTypes,
  type PortTypes,
} from './plugin-types.ts';
import { refuseSchema } from './schema-error.ts';
import { readXtpSchema } from './xtp.ts';
import type { Plain } from './yaml-scalars.ts';

/** Facts about a plugin that stand beside its module. */
export interface PluginFacts {
  /** The text of an XTP schema, as JSON or YAML. It wins over metadata. */
  schema?: string | undefined;
  /** How messages name the schema, such as the path of its file. */
  schemaName?: string | undefined;
  /** The metadata of an actor, as `engine.metadata` has it; null for a plugin without. */
  metadata?: PluginMetadata | null | undefined;
}

/** Reads metadata as if the plugin had written it, so that the same rules hold. */
const aMetadata: Kind<PluginMetadata | null> = {
  type: 'the metadata of an actor, or null',
  check: (value, where, refuse) => {
    if (value === null) return null;
    try {
      return readMetadata(new TextEncoder().encode(writeText(value, ['metadata'])));
    } catch (cause) {
      return refuse(expected('the metadata of an actor, or null', value, where), undefined, { cause });
    }
  },
};

export const PLUGIN_FACTS: OptionTable<PluginFacts> = {
  of: 'describePlugin(source, facts)',
  rows: {
    schema: { ...aText, default: 'none' },
    schemaName: { ...aText, default: 'XTP schema' },
    metadata: { ...aMetadata, default: 'none' },
  },
};

const refuse: Refuse = (message, _, options) => {
  throw new PlugboardError('INVALID_OPTION', message, options);
};

/**
 * Describes a plugin by the best source that is given: an XTP schema, else the metadata of an actor, else its exports. The plugin
 * does not run.
 * @param source the bytes of the plugin, or the module compiled from them
 * @throws {PlugboardError} INVALID_OPTION; INVALID_WASM; INVALID_SCHEMA, also for a schema that names an export which the plugin lacks
 * @throws {ActorError} INVALID_METADATA, also for two ports of one name
 * @example
 * const types = describePlugin(bytes, { schema: await readFile('plugin.xtp.yaml', 'utf8') });
 */
export function describePlugin(source: Uint8Array | WebAssembly.Module, facts?: PluginFacts): PluginTypes;
export function describePlugin(
  source: Uint8Array | WebAssembly.Module,
  facts?: PluginFacts,
  ...extra: unknown[]
): PluginTypes {
  refuseExtra(extra, 'describePlugin', refuse);
  const { schema, schemaName, metadata } = readOptions(PLUGIN_FACTS, facts, 'describePlugin', refuse);
  const inspection = inspect(source);
  if (!inspection.valid) {
    const reasons = inspection.advice.filter(({ code }) => NO_MODULE.includes(code));
    const message = `describePlugin: expected a WebAssembly module: ${reasons.map(({ message }) => message).join('; ')}`;
    throw new PlugboardError('INVALID_WASM', message);
  }
  if (schema !== undefined) return fromSchema(inspection, schema, schemaName);
  if (metadata) return fromMetadata(metadata);
  return inspection.reflow ? fromActor() : fromExports(inspection);
}

/** Codes of advice that say why an engine refuses the bytes. */
const NO_MODULE: readonly string[] = ['NOT_WASM', 'ENGINE_FEATURES', 'INVALID_WASM'];

const EMPTY = {
  version: PLUGIN_TYPES_VERSION,
  description: '',
  exports: [],
  imports: [],
  schemas: [],
  actor: null,
  unknown: [],
} satisfies Partial<PluginTypes>;

function fromSchema(inspection: Inspection, text: string, path = 'XTP schema'): PluginTypes {
  const { exports, imports, schemas } = readXtpSchema(text, path);
  const callable = callableExports(inspection);
  const missing = exports.find(({ name }) => !callable.includes(name));
  if (missing) {
    const names = callable.slice(0, 50).join(', ') || 'none';
    refuseSchema(`${path}: the plugin does not export the function ${missing.name}; it exports ${names}`);
  }
  const unknown = exports.some(({ input }) => input?.encoding === 'unknown') ? [ONLY_NAMES] : [];
  return { ...EMPTY, from: 'xtp', kind: 'functions', exports, imports, schemas, unknown };
}

const ONLY_NAMES =
  'Only the names of the exports are known. Input and output are bytes: a wasm module says no more about them. An XTP schema would.';

function fromExports(inspection: Inspection): PluginTypes {
  const payload = { encoding: 'unknown', description: '', type: ANY } as const;
  const exports = callableExports(inspection)
    .filter(name => !inspection.start.functions.includes(name))
    .map((name): FunctionTypes => ({ name, description: '', input: payload, output: payload }));
  return { ...EMPTY, from: 'exports', kind: 'functions', exports, unknown: [ONLY_NAMES] };
}

const callableExports = ({ exports }: Inspection): string[] =>
  exports.filter(({ kind, callable }) => kind === 'function' && callable !== false).map(({ name }) => name);

function fromActor(): PluginTypes {
  const actor: ActorTypes = { component: '', inports: [], outports: [], config: null, encoding: 'json' };
  const unknown = ['The actor has no metadata: neither its ports nor their types are known.'];
  return { ...EMPTY, from: 'exports', kind: 'actor', actor, unknown };
}

function fromMetadata(metadata: PluginMetadata): PluginTypes {
  const { component, description, encoding = 'json' } = metadata;
  const schema = metadata.config_schema ?? null;
  const { config, schemas } =
    schema === null
      ? { config: null, schemas: [] }
      : readConfigSchema(JSON.parse(writeText(schema, ['config_schema'])) as Plain);
  const [inports, outports] = [ports('inports', metadata.inports), ports('outports', metadata.outports)];
  const untyped = [...inports, ...outports].filter(({ message }) => message === null).map(({ name }) => name);
  const unknown = [
    ...(untyped.length > 0 ? [`Ports without a known type of messages: ${untyped.join(', ')}.`] : []),
    ...(config === null ? ['The metadata has no schema of the config.'] : []),
  ];
  const actor: ActorTypes = { component, inports, outports, config, encoding };
  return { ...EMPTY, from: 'metadata', kind: 'actor', description, schemas, actor, unknown };
}

function ports(key: string, definitions: readonly PortDefinition[]): PortTypes[] {
  const seen = new Set<string>();
  return definitions.map(({ name, description, port_type, required }) => {
    if (seen.has(name)) {
      const message = `plugin metadata.${key}: expected ports of different names, got two of the name ${describe(name)}`;
      throw new ActorError('INVALID_METADATA', message);
    }
    seen.add(name);
    return { name, description, message: messageTypeOf(port_type), required };
  });
}

const BY_LOWER_CASE = new Map(Object.keys(TYPES).map(type => [type.toLowerCase(), type as MessageType]));

/** `port_type` is a free text, by convention the name of a type of messages. */
const messageTypeOf = (portType: string): MessageType | null =>
  isMessageType(portType) ? portType : (BY_LOWER_CASE.get(portType.toLowerCase()) ?? null);
