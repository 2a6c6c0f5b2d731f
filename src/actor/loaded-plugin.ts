import type { ActorSettings } from './actor-settings.ts';
import type { ScriptConfig } from './config/script-config.ts';
import { validateConfig, withDefaults } from './engine/config-schema.ts';
import { ExtismEngine, type StateRoom } from './engine/engine.ts';
import { writeConfig } from './engine/input.ts';
import { ModuleError } from './engine/module-error.ts';
import { ActorError } from './errors.ts';
import { writeJson } from './json/reader.ts';
import type { Part } from './message/codec.ts';

/** A plugin that is ready for this actor, and its config. */
export interface Loaded {
  scriptConfig: ScriptConfig;
  engine: ExtismEngine;
  /** The config in the encoding of the plugin. */
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

/** Copies the bytes of the module: a renewed plugin is made of them later, and the user may change them meanwhile. */
const withOwnBytes = (config: ScriptConfig): ScriptConfig =>
  config.source instanceof Uint8Array || config.source instanceof ArrayBuffer
    ? { ...config, source: config.source.slice() }
    : config;

/** @throws {ActorError} UNSUPPORTED for a plugin whose metadata names no inports */
export function inportNames({ metadata }: ExtismEngine): string[] {
  const names = metadata?.inports.map(({ name }) => name) ?? [];
  if (names.length > 0) return names;
  const message =
    'awaitAllInports and requirePorts: the plugin does not say which inports it has; leave them out';
  throw new ActorError('UNSUPPORTED', message);
}

/** Messages in the inports are already written in the encoding of the old plugin. @throws {ModuleError} InvalidMetadata */
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
