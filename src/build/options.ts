import { aCount, aFlag, aFunction, type OptionTable, type Refuse, readOptions } from '../../wasi/options.ts';
import { PlugboardError } from '../errors.ts';
import type { PluginTypes } from '../types/index.ts';
import { TYPES_LIMITS } from '../types/limits.ts';

/** Time for `get_metadata`, the start functions included. A Go plugin starts within a second on a busy machine. */
export const METADATA_MS = TYPES_LIMITS.metadataMs.default;

/** A plugin that goes into a build. */
export interface BuiltPlugin {
  /** Absolute path of its file. */
  path: string;
  /** SHA-256 of the bytes of the file, in hexadecimal digits. */
  fileSha256: string;
  /** SHA-256 of the bytes that go into the build. The same, unless `transform` changed them. */
  sha256: string;
  /** The bytes that go into the build. */
  bytes: Uint8Array;
  types: PluginTypes;
}

/** Options of the plugins for esbuild and Vite. */
export interface BuildOptions {
  /** Returns the path of a plugin's XTP schema, or undefined. Default: `NAME.xtp.yaml`, `.yml` or `.json` beside `NAME.wasm`. */
  schema?: ((path: string) => string | undefined) | undefined;
  /** Whether `NAME.wasm.plugboard.d.ts` is written beside each plugin. Default: true. */
  dts?: boolean | undefined;
  /** Whether the bytes go into the JavaScript. Default: only where a bundle cannot refer to a file. */
  inline?: boolean | undefined;
  /** Returns the bytes that go into the build in place of those of the file. */
  transform?: ((bytes: Uint8Array, path: string) => Uint8Array | PromiseLike<Uint8Array>) | undefined;
  /** Is called with each plugin. Refuses it by an error, which fails the build. */
  lock?: ((plugin: BuiltPlugin) => void | PromiseLike<void>) | undefined;
  /** Time for `get_metadata` of an actor, in ms. Default: 10 s. */
  timeoutMs?: number | undefined;
}

export const BUILD_OPTIONS: OptionTable<BuildOptions> = {
  of: 'plugboard(options) of plugboard/esbuild and plugboard/vite',
  rows: {
    schema: { ...aFunction, default: '`NAME.xtp.yaml`, `.yml` or `.json` beside `NAME.wasm`' },
    dts: { ...aFlag, default: 'true' },
    inline: { ...aFlag, default: 'false; true where the output format has no `import.meta.url`' },
    transform: { ...aFunction, default: 'the bytes of the file' },
    lock: { ...aFunction, default: 'every plugin is taken' },
    timeoutMs: { ...aCount('ms', 1), default: String(METADATA_MS) },
  },
};

const refuse: Refuse = (message, _, options) => {
  throw new PlugboardError('INVALID_OPTION', message, options);
};

/** @throws {PlugboardError} INVALID_OPTION */
export const readBuildOptions = (options: unknown): BuildOptions =>
  readOptions(BUILD_OPTIONS, options, 'plugboard', refuse);
