import { messageOf } from '../../errors.ts';
import { ActorError, describe } from '../errors.ts';
import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { writeText } from '../json/writer.ts';
import type { PluginMetadata } from './metadata.ts';

/**
 * Checks a config against the plugin's config_schema, a JSON Schema. Both arguments are values of `JSON.parse`, so `1.0` is 1
 * and integers beyond 2^53 are rounded. Returns nothing, null, true or an empty array for a valid config; else the problem as
 * a string, an array of problems, or false. May return a promise, and may throw. No validator is bundled: known ones need
 * `eval`.
 */
export type ConfigValidator = (config: unknown, schema: unknown) => unknown;

/** @throws {ActorError} INVALID_CONFIG with the problem that the validator reports */
export async function validateConfig(
  validate: ConfigValidator | undefined,
  config: JsonObject,
  metadata: PluginMetadata | null,
): Promise<void> {
  const schema = metadata?.config_schema ?? null;
  if (!validate || schema === null) return;
  const refuse = (why: string, cause?: unknown) =>
    new ActorError('INVALID_CONFIG', `config does not fit the plugin's config_schema: ${why}`, { cause });
  const plain = (json: JsonValue): unknown => JSON.parse(writeText(json));
  let answer: unknown;
  try {
    answer = await validate(plain(config), plain(schema));
  } catch (error) {
    throw refuse(messageOf(error), error);
  }
  if (answer === undefined || answer === null || answer === true) return;
  if (Array.isArray(answer) && answer.length === 0) return;
  if (answer === false) throw refuse('validate answered false');
  throw refuse(
    typeof answer === 'string' ? answer : Array.isArray(answer) ? answer.map(say).join('; ') : say(answer),
  );
}

const say = (problem: unknown): string => {
  if (typeof problem === 'string') return problem;
  try {
    return JSON.stringify(problem);
  } catch {
    return describe(problem);
  }
};

/** Returns the config with defaults for missing keys: those that config_schema has for its top-level properties. */
export function withDefaults(config: JsonObject, metadata: PluginMetadata | null): JsonObject {
  const schema = metadata?.config_schema;
  const properties = isJsonObject(schema) ? getOwn(schema, 'properties') : undefined;
  if (!isJsonObject(properties)) return config;
  const defaults = Object.entries(properties).flatMap(([key, property]) =>
    isJsonObject(property) && Object.hasOwn(property, 'default') && !Object.hasOwn(config, key)
      ? [[key, property.default!] as const]
      : [],
  );
  return Object.fromEntries([...Object.entries(config), ...defaults]);
}
