import { ActorError, describe } from './errors.ts';
import { writeJson } from './json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import type { PluginMetadata } from './metadata.ts';

/**
 * Says whether a config fits the plugin's config_schema, a JSON Schema. Both are what `JSON.parse` gives, so `1.0` is 1
 * and integers beyond 2^53 are rounded. It answers nothing, null or true when it fits, else what is wrong, or false; it
 * may answer a promise, and may throw. No validator is bundled: those known need `eval`.
 */
export type ConfigValidator = (config: unknown, schema: unknown) => unknown;

/** @throws {ActorError} INVALID_CONFIG with what the validator says */
export async function validateConfig(
  validate: ConfigValidator | undefined,
  config: JsonObject,
  metadata: PluginMetadata | null,
): Promise<void> {
  const schema = metadata?.config_schema ?? null;
  if (!validate || schema === null) return;
  const refuse = (why: string, cause?: unknown) =>
    new ActorError('INVALID_CONFIG', `config does not fit the plugin's config_schema: ${why}`, { cause });
  const plain = (json: JsonValue): unknown => JSON.parse(writeJson(json));
  let answer: unknown;
  try {
    answer = await validate(plain(config), plain(schema));
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
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

/** The config with the defaults that the schema has for its own properties, for keys that are missing. */
export function withDefaults(config: JsonObject, metadata: PluginMetadata | null): JsonObject {
  const schema = metadata?.config_schema;
  const properties =
    isJsonObject(schema) && Object.hasOwn(schema, 'properties') ? schema.properties : undefined;
  if (!isJsonObject(properties)) return config;
  const defaults = Object.entries(properties).flatMap(([key, property]) =>
    isJsonObject(property) && Object.hasOwn(property, 'default') && !Object.hasOwn(config, key)
      ? [[key, property.default!] as const]
      : [],
  );
  return Object.fromEntries([...Object.entries(config), ...defaults]);
}
