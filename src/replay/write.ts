import type { Outside } from '../host/outside.ts';
import type { TappedModule, TappedSettings } from '../host/tap.ts';
import type { Secrets } from '../trace/secrets.ts';
import { sha256 } from '../trace/sha256.ts';
import { hexOf } from '../values/hex.ts';
import { stringify } from '../values/text.ts';
import { toBytes } from './bytes.ts';
import {
  RECORDING_FORMAT,
  RECORDING_VERSION,
  type RecordedCall,
  type RecordedSettings,
  type Recording,
  type Untellable,
} from './format.ts';
import { toPlainJson } from './values.ts';

interface Kept {
  record: Recording['record'];
  isolation: string;
  modules: readonly TappedModule[];
  withModules: boolean;
  settings: TappedSettings;
  folders: Outside['preopens'];
  untellable: readonly Untellable[];
  calls: readonly RecordedCall[];
  secrets: Secrets;
}

/** Writes a recording as a text, in which asterisks stand for secrets. */
export function writeRecording(kept: Kept): string {
  const { record, isolation, modules, withModules, untellable, calls, secrets } = kept;
  const recording: Recording = {
    format: RECORDING_FORMAT,
    version: RECORDING_VERSION,
    record,
    isolation,
    modules: modules.map(({ name, source }) => {
      if (!('bytes' in source)) return { name, sha256: null, wasm: null };
      return { name, sha256: hexOf(sha256(source.bytes)), wasm: withModules ? source.bytes : null };
    }),
    settings: settingsOf(kept),
    untellable: [...untellable],
    calls: [...calls],
  };
  return `${stringify(toPlainJson(recording, secrets))}\n`;
}

function settingsOf({ settings, folders }: Kept): RecordedSettings {
  const { config, vars, functions, allowedHosts, mounts, budgets, fuel } = settings;
  const { maxVarBytes, exposesHttpHeaders, useWasi, logLevel, strict } = settings;
  const given = Object.entries(folders).map(([path, folder]) => ({
    path,
    readOnly: ('fs' in folder && folder.readOnly) || false,
  }));
  const inWorker = mounts.map(({ guest, readOnly }) => ({ path: guest, readOnly }));
  return {
    config: [...config],
    vars: [...vars].map(([name, value]) => [name, toBytes(value)]),
    functions: Object.entries(functions).flatMap(([namespace, all]) =>
      Object.keys(all).map(name => ({ namespace, name })),
    ),
    folders: given.length > 0 ? given : inWorker,
    http: allowedHosts.length > 0,
    maxKernelBytes: settings.maxKernelBytes ?? null,
    maxGrowthPages: settings.maxGrowthPages ?? null,
    maxVarBytes,
    exposesHttpHeaders,
    useWasi,
    logLevel,
    strict,
    limits: { ...(budgets as Record<string, number> | null), ...(fuel !== undefined && { fuel }) },
  };
}
