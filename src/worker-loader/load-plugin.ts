import { accessorBytes } from '../../abi/index.ts';
import { isArrayBuffer, viewBytes } from '../../wasi/brands.ts';
import { refuseExtra } from '../../wasi/options.ts';
import { CreateError, messageWithCause } from '../errors.ts';
import { refuseOption } from '../given/option-keys.ts';
import { preparationOf, prepareModule } from '../module/prepare.ts';
import { hexOfSha256, unavailable } from '../module/source.ts';
import { webPlatform } from '../platform/web.ts';
import { MOST_RPC_BYTES } from '../units.ts';
import { whyNotFresh } from '../wasm/fresh.ts';
import { childCode, childSha256 } from './child-code.ts';
import { LoadedPlugin } from './loaded-plugin.ts';
import type { ChildSettings } from './messages.ts';
import {
  type LoadedPluginOptions,
  type PluginSource,
  readLoadedOptions,
  readLoader,
  readPluginSource,
  type WorkerCode,
  type WorkerLoader,
} from './options.ts';

const COMPATIBILITY_DATE = '2026-08-04';

const MAIN_MODULE = `import { WorkerEntrypoint } from 'cloudflare:workers';
import accessors from './accessors.wasm';
import { serve } from './plugboard.js';
import plugin from './plugin.wasm';
import settings from './settings.json';
export default serve(WorkerEntrypoint, plugin, accessors, settings);
`;

/**
 * Loads a plugin from bytes on Cloudflare's Workers, where no Worker may compile bytes itself. The plugin gets an isolate of its own,
 * with plugboard in it and without network. The bytes are hashed and limited before they leave this Worker.
 * @param loader the binding of a worker loader
 * @throws {CreateError} HASH_MISMATCH, SOURCE_UNAVAILABLE, and errors of `createPlugin`
 */
export function loadPlugin(
  loader: WorkerLoader,
  source: PluginSource,
  options: LoadedPluginOptions,
): Promise<LoadedPlugin>;
export async function loadPlugin(
  loader: WorkerLoader,
  source: PluginSource,
  options: LoadedPluginOptions,
  ...extra: unknown[]
): Promise<LoadedPlugin> {
  const own = readLoader(loader);
  const from = readPluginSource(source);
  const settings = readLoadedOptions(options);
  refuseExtra(extra, 'loadPlugin', refuseOption);
  const plugin = new LoadedPlugin(own, await nameOf(settings), () => codeOf(from, settings));
  await plugin.start();
  return plugin;
}

/**
 * Names the isolate by all that decides how the plugin runs, because the loader may give back an isolate of the same name. Equal
 * options have the same name in any order of their keys.
 */
async function nameOf({ tenant, sha256, isolation, limits, config }: LoadedPluginOptions): Promise<string> {
  const sorted = (given: object = {}) => Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = [childSha256, tenant, sha256, isolation === 'fresh', sorted(limits), sorted(config)];
  const text = new TextEncoder().encode(JSON.stringify(parts));
  return `plugboard-${await hexOfSha256(webPlatform, text)}`;
}

/** Hashes and limits the bytes. @throws {CreateError} */
async function codeOf(source: PluginSource, options: LoadedPluginOptions): Promise<WorkerCode> {
  const bytes = await readBytes(source);
  const { sha256: expected, isolation, config } = options;
  const fileSha256 = await hexOfSha256(webPlatform, bytes);
  if (fileSha256 !== expected) {
    const message = `loadPlugin: hash mismatch: expected the SHA-256 ${expected}, but the ${bytes.length} bytes have ${fileSha256}`;
    throw new CreateError('HASH_MISMATCH', message);
  }
  const { memoryPages } = options.limits;
  const isFresh = isolation === 'fresh' && WebAssembly.validate(bytes) && whyNotFresh(bytes) === null;
  const prepared = prepareModule(bytes, { memoryPages, fuel: true, time: false, fresh: isFresh });
  const facts = {
    fileSha256,
    sha256: await hexOfSha256(webPlatform, prepared),
    prepared: preparationOf(prepared),
  };
  // An output that RPC cannot carry is refused by the plugin's own limits.
  const limits = { outputBytes: MOST_RPC_BYTES, ...options.limits };
  const settings: ChildSettings = { facts, options: { config, isolation, limits } };
  return {
    compatibilityDate: COMPATIBILITY_DATE,
    mainModule: 'main.js',
    modules: {
      'main.js': MAIN_MODULE,
      'plugboard.js': childCode,
      'plugin.wasm': { wasm: prepared.buffer },
      'accessors.wasm': { wasm: accessorBytes().buffer },
      'settings.json': { json: settings },
    },
    globalOutbound: null,
  };
}

async function readBytes(source: PluginSource): Promise<Uint8Array<ArrayBuffer>> {
  let given: unknown;
  try {
    given = typeof source === 'function' ? await source() : source;
    const reader = given as { arrayBuffer?: () => Promise<ArrayBuffer> } | null;
    if (typeof reader?.arrayBuffer === 'function') given = await reader.arrayBuffer();
  } catch (error) {
    throw unavailable('loadPlugin: source', messageWithCause(error), error);
  }
  if (given === null) throw unavailable('loadPlugin: source', 'there are no bytes');
  const bytes = isArrayBuffer(given) ? new Uint8Array(given) : viewBytes(given);
  return bytes ? bytes.slice() : refuseOption('loadPlugin: source: expected bytes from the function');
}
