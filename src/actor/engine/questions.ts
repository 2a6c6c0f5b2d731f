import { CallError } from '../../call-error.ts';
import { excerpt, messageOf } from '../../errors.ts';
import { adviceOnGo } from '../../link/go.ts';
import type { Plugin } from '../../plugin.ts';
import { chain, type Later } from '../../values/later.ts';
import { type PluginOutput, viewOf } from '../../values/output.ts';
import { ActorError, describe, type Report } from '../errors.ts';
import { readJson } from '../json/reader.ts';
import { ACTOR_LIMITS, refuseOver } from '../limits.ts';
import type { EngineOptions } from './engine-options.ts';
import { GIVE_PORTS } from './host-functions.ts';
import { copyMetadata, type PluginMetadata, readMetadata } from './metadata.ts';
import { explain, ModuleError } from './module-error.ts';
import type { Outline } from './outline.ts';

// Questions to the optional exports of an actor's plugin: get_metadata, get_version, validate_config.

/**
 * Returns the plugin's metadata; null when it has no such export.
 * @param isInDoubt whether the plugin may be one of the SDK of April 2025
 * @throws {ModuleError} InvalidMetadata, InitFailed
 */
export async function askMetadata(
  plugin: Plugin,
  report: Report,
  isInDoubt: boolean,
): Promise<PluginMetadata | null> {
  if (!(await plugin.functionExists('get_metadata'))) {
    const message = 'the plugin exports no get_metadata, so its ports are not known';
    const hint = `; if it was made with the SDK of April 2025, which a compiled module does not show, ${GIVE_PORTS}`;
    report({ code: 'NO_METADATA', message: isInDoubt ? message + hint : message });
    return null;
  }
  try {
    return await answerOf(plugin, 'get_metadata', undefined, readMetadata);
  } catch (error) {
    const message = explain(messageOf(error), error);
    if (error instanceof CallError && adviceOnGo([...error.stdout, ...error.stderr]))
      throw new ModuleError('InitFailed', 'INIT_FAILED', message, { cause: error });
    throw new ModuleError('InvalidMetadata', 'INVALID_METADATA', message, { cause: error });
  }
}

/** A plugin's answers about itself. */
export interface Answers {
  metadata: PluginMetadata | null;
  version: string | null;
}

/** The answers of the plugin that was made of a module last, with its options. */
const lastAnswers = new WeakMap<Outline, Answers & { options: EngineOptions }>();

/**
 * Whether plugins with these options do the same: only the name, which stands before their lines, may differ. Host functions and
 * other objects are read into new ones for each plugin, so that options which have some are never equal.
 */
const areEqual = ({ name: _, ...options }: EngineOptions, { name: __, ...others }: EngineOptions): boolean =>
  [...Object.keys(options), ...Object.keys(others)].every(key => {
    const option = key as keyof typeof options;
    return options[option] === others[option];
  });

/** Users may change the metadata that they get. */
const copyOf = ({ metadata, version }: Answers): Answers => ({
  metadata: metadata && copyMetadata(metadata),
  version,
});

/**
 * Asks a plugin about itself. Plugins of one module with equal options give the same answers: a network asks the first of a
 * thousand nodes. A trace and a recording show the questions, so that they are asked then.
 * @param outline one object for plugins of the same bytes
 * @param ask asks the plugin
 */
export async function answersOf(
  outline: Outline,
  options: EngineOptions,
  ask: () => Promise<Answers>,
): Promise<Answers> {
  const last = lastAnswers.get(outline);
  const isSeen = options.trace || options.record || options.debug;
  if (last?.metadata && !isSeen && areEqual(options, last.options)) return copyOf(last);
  const answers = await ask();
  lastAnswers.set(outline, { ...copyOf(answers), options });
  return answers;
}

/** Returns the plugin's version; null when it has no such export. @throws {ModuleError} InvalidMetadata, InitFailed */
export async function askVersion(plugin: Plugin): Promise<string | null> {
  if (!(await plugin.functionExists('get_version'))) return null;
  const version = await ask(plugin, 'get_version');
  if (typeof version === 'string') return version;
  const message = `get_version: expected a JSON string, got ${describe(version)}`;
  throw new ModuleError('InvalidMetadata', 'INVALID_METADATA', message);
}

/**
 * Asks whether a node may have this config. A plugin without such an export accepts every config.
 * @param config as JSON
 * @throws {ActorError} INVALID_CONFIG when it may not
 * @throws {ModuleError} InitFailed when the export fails
 */
export async function askAboutConfig(plugin: Plugin, config: string): Promise<void> {
  if (!(await plugin.functionExists('validate_config'))) return;
  const answer = await ask(plugin, 'validate_config', config);
  if (answer === true) return;
  const message = `config: the plugin's validate_config refuses it, with ${describe(answer)}`;
  throw new ActorError('INVALID_CONFIG', message);
}

/** Calls an optional export and returns its output, read as JSON. @throws {ModuleError} InitFailed */
async function ask(plugin: Plugin, name: string, input?: string): Promise<unknown> {
  try {
    return await answerOf(plugin, name, input, answer => readJson(answer, { what: `the answer of ${name}` }));
  } catch (error) {
    throw new ModuleError(
      'InitFailed',
      'INIT_FAILED',
      `${name}: ${explain(excerpt(messageOf(error)), error)}`,
      {
        cause: error,
      },
    );
  }
}

/** Calls an export other than the entry point and reads its output at once. @throws {ActorError} OUTPUT_LIMIT */
const answerOf = <T>(
  plugin: Plugin,
  name: string,
  input: string | undefined,
  read: (answer: Uint8Array) => T,
): Later<T> =>
  chain(plugin.callLater(name, input, undefined, undefined, true), output => {
    const answer = bytesOf(output);
    const { default: limit, unit } = ACTOR_LIMITS.answerBytes;
    refuseOver('OUTPUT_LIMIT', `the answer of ${name}`, answer.length, limit, unit, 'fixed');
    return read(answer);
  });

/** Returns the bytes of an output; no bytes when there is none. */
export const bytesOf = (output: PluginOutput | null): Uint8Array =>
  output === null ? new Uint8Array(0) : viewOf(output);
