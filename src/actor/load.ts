import type { Part } from './codec.ts';
import type { ScriptConfig } from './config.ts';
import { writeConfig } from './context.ts';
import { ExtismEngine, type StateRoom } from './engine.ts';
import { ActorError } from './errors.ts';
import { writeJson } from './json.ts';
import { ModuleError } from './module-error.ts';
import type { ActorSettings } from './settings.ts';
import { validateConfig, withDefaults } from './validation.ts';

/** A plugin that is ready for this actor, and the config as it gets it. */
export interface Loaded {
  scriptConfig: ScriptConfig;
  engine: ExtismEngine;
  /** As the plugin reads it. */
  config: Part;
  stateRoom: StateRoom;
}

/** Opens a plugin, and validates the config for it. */
export async function load(
  scriptConfig: ScriptConfig,
  settings: ActorSettings,
  onOpen?: () => void,
): Promise<Loaded> {
  const { config: node, validate, configDefaults, awaitAllInports, requirePorts } = settings;
  const kept = settings.isRenewed ? withOwnBytes(scriptConfig) : scriptConfig;
  const engine = await ExtismEngine.create(kept, settings.engineOptions);
  onOpen?.();
  try {
    const own = configDefaults ? withDefaults(node.config, engine.metadata) : node.config;
    const config = writeConfig({ ...node, config: own }, engine.codec);
    await validateConfig(validate, own, engine.metadata);
    await engine.validateConfig(writeJson(own, ['config']));
    if (awaitAllInports || requirePorts) inportNames(engine);
    return { scriptConfig, engine, config, stateRoom: engine.stateRoom(config) };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** A copy, where the plugin is made of the bytes again later. */
const withOwnBytes = (config: ScriptConfig): ScriptConfig =>
  config.source instanceof Uint8Array || config.source instanceof ArrayBuffer
    ? { ...config, source: config.source.slice() }
    : config;

/** @throws {ActorError} UNSUPPORTED for a plugin whose inports are not known */
export function inportNames({ metadata }: ExtismEngine): string[] {
  const names = metadata?.inports.map(({ name }) => name) ?? [];
  if (names.length > 0) return names;
  const message =
    'awaitAllInports and requirePorts: the plugin does not say which inports it has; leave them out';
  throw new ActorError('UNSUPPORTED', message);
}

/** What waits in the inports is already written. @throws {ModuleError} InvalidMetadata */
export function checkSameEncoding({ codec: before }: ExtismEngine, { codec: after }: ExtismEngine): void {
  if (before.encoding === after.encoding) return;
  const message = `the encoding is ${after.encoding}, but messages wait in ${before.encoding}; create a new actor`;
  throw new ModuleError('InvalidMetadata', 'INVALID_METADATA', message);
}

/** @throws {ModuleError} InvalidMetadata */
export function checkSamePorts(before: ExtismEngine, after: ExtismEngine): void {
  const [old, own] = [before, after].map(engine => inportNames(engine).sort().join(', '));
  if (old === own) return;
  const message = `the inports are ${own}, but messages for ${old} are waited for; create a new actor`;
  throw new ModuleError('InvalidMetadata', 'INVALID_METADATA', message);
}
