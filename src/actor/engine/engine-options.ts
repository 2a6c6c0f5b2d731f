import {
  anything,
  aText,
  isPlain,
  kind,
  type OptionRow,
  type OptionTable,
  oneOf,
  orNull,
  readOptions,
} from '../../../wasi/options.ts';
import { PLUGIN_OPTIONS } from '../../given/option-keys.ts';
import type { PluginOptions } from '../../given/options.ts';
import type { Platform } from '../../platform/types.ts';
import { refuseOption } from '../errors.ts';
import { aLimitsOption, type LimitOptions } from '../limits.ts';
import { aCodec, type Codec } from '../message/codec.ts';
import type { Protocol } from './outline.ts';

/**
 * Options of `createPlugin`. `functions` are added to the host functions that every actor has; they may be async where the
 * JavaScript engine can suspend a plugin. `strict` and `onDiagnostic` cover messages and results as well. `stdout` and
 * `stderr` get the plugin's lines, which are otherwise printed on the host's stderr.
 */
export interface EngineOptions extends Omit<PluginOptions, 'config' | 'limits' | 'isolation'> {
  /** Clock, random bytes, files and fetch of the runtime. Default: web standards alone. */
  platform?: Platform | undefined;
  /** Put before each line that the plugin prints. Default: `actor`. */
  name?: string | undefined;
  /** The form of input and output. Default: read from the types of the plugin's imports, which a compiled module does not show. */
  protocol?: Protocol | undefined;
  /** `msgpack` of plugboard/msgpack, for plugins whose metadata names that encoding. Other plugins get JSON in any case. */
  codec?: Codec | undefined;
  /** Limits of module, input, state, output and packets, and the budgets of one call that `createPlugin` has. */
  limits?: LimitOptions | undefined;
  /** MiB of memory that the plugin may have, 1 to 100, kernel memory included. Only for modules that are given as bytes. */
  memoryLimitMb?: number | undefined;
}

type Rows = OptionTable<EngineOptions>['rows'];
const { config: _, limits: __, isolation: ___, ...pluginRows } = PLUGIN_OPTIONS.rows;

/** Options that are passed on to `createPlugin`: wrong values get its code, INVALID_OPTION. */
const ofPlugin = Object.fromEntries(
  Object.entries<OptionRow>(pluginRows).map(([key, row]) => [
    key,
    { ...row, check: orNull(row).check, code: 'INVALID_OPTION' },
  ]),
) as Omit<Rows, 'platform' | 'name' | 'protocol' | 'codec' | 'limits' | 'memoryLimitMb'>;

const PLATFORM_FUNCTIONS = ['fetch', 'compile', 'sha256', 'lacksWorkers', 'lacksForce', 'startWorker'];
const isPlatform = (value: unknown): boolean =>
  isPlain(value) &&
  PLATFORM_FUNCTIONS.every(name => typeof value[name] === 'function') &&
  ['clock', 'random', 'print'].every(name => typeof value[name] === 'object');

const PRINTED_LINES =
  "printed on the host's stderr after the name of the actor; the last lines of a call are in its error";

export const ENGINE_OPTIONS: OptionTable<EngineOptions> = {
  of: 'ExtismEngine.create(scriptConfig, options)',
  code: 'INVALID_OPTION',
  rows: {
    ...ofPlugin,
    platform: {
      ...orNull(kind<Platform>('a Platform', isPlatform)),
      default: 'that of the runtime; for the entry of browsers, web standards alone',
      grants: 'access to its clock, random bytes, files and fetch',
    },
    stdout: { ...ofPlugin.stdout, default: PRINTED_LINES },
    stderr: { ...ofPlugin.stderr, default: PRINTED_LINES },
    timeoutBy: {
      ...ofPlugin.timeoutBy,
      default: 'checks where the module can get them; else, and with runInWorker, worker',
    },
    name: { ...aText, default: 'actor' },
    protocol: { ...orNull(oneOf(['context', 'ports'])), default: 'as the imports of the plugin say' },
    codec: { ...orNull(aCodec), default: 'JSON' },
    limits: aLimitsOption,
    memoryLimitMb: {
      ...anything,
      type: 'a whole number of MiB, 1 to 100',
      unit: 'MiB',
      default: 'no limit',
      where: 'modules that come as bytes',
      grants: 'memory, up to this limit',
    },
  },
  hints: PLUGIN_OPTIONS.hints!,
};

/** @throws {ActorError} INVALID_CONFIG; {CreateError} INVALID_OPTION for a wrong value of an option of `createPlugin` */
export const readEngineOptions = (options: unknown): EngineOptions =>
  readOptions(ENGINE_OPTIONS, options, 'option', refuseOption);
