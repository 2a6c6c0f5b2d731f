import {
  aCount,
  anArray,
  aText,
  type Kind,
  kind,
  type OptionTable,
  oneOf,
  readOptions,
} from '../../wasi/options.ts';
import { CAPABILITIES } from './capabilities.ts';
import { aHash, readPlaced } from './policy-file.ts';
import type { AuditReport, CapabilityId, ImportName, Reach } from './report.ts';

/** The version of the form of plugboard.lock.json. */
export const LOCK_VERSION = 1;
export const LOCK_FILE = 'plugboard.lock.json';

export interface LockedModule {
  name: string;
  sha256: string;
  sizeBytes: number;
}

/** A power of a build. `type` is that of a host function, as text. */
export interface LockedPower {
  power: CapabilityId;
  /** Only of a host function. */
  namespace?: string | undefined;
  function?: string | undefined;
  type?: string | null | undefined;
  /** The imports that give the power, as `NAMESPACE NAME`. */
  imports: string[];
}

export interface LockedExport {
  name: string;
  type?: string | null | undefined;
  /** Whether `imports` has all imports that calls of the export can reach. Left out where the export is not a function. */
  reach?: Reach['state'] | undefined;
  /** As `NAMESPACE NAME`. */
  imports?: string[] | undefined;
}

/** A build as it was when a person approved it. */
export interface LockedPlugin {
  /** Path of the file, from the folder of the lock. */
  name: string;
  modules: LockedModule[];
  powers: LockedPower[];
  exports: LockedExport[];
  /** Imports that calls of this build were seen to use, as `NAMESPACE NAME`. Does not count for an approval. */
  uses?: string[] | undefined;
}

/** The content of plugboard.lock.json. It is written by `plugboard lock`, not by people. */
export interface LockFile {
  $schema?: string | undefined;
  version: 1;
  plugins: LockedPlugin[];
}

const required = { default: 'none', required: true } as const;
const optional = { default: 'none' };
const texts = anArray(aText);
/** Unlike `orNull` it keeps null: a type that cannot be seen. */
const aTextOrNull = kind<string | null>(
  'a string, or null',
  value => typeof value === 'string' || value === null,
);
/** Reads each item of a list by a table. */
const each = <T>(table: OptionTable<T>): Kind<T[]> =>
  anArray({
    type: 'an object, see below',
    check: (value, where, refuse) => readOptions(table, value, where, refuse),
  });

const MODULE_KEYS: OptionTable<LockedModule> = {
  of: 'a module of a lock',
  rows: {
    name: { ...aText, ...required },
    sha256: { ...aHash, ...required },
    sizeBytes: { ...aCount('bytes'), ...required },
  },
};
const POWER_KEYS: OptionTable<LockedPower> = {
  of: 'a power of a lock',
  rows: {
    power: { ...oneOf(Object.keys(CAPABILITIES) as CapabilityId[]), ...required },
    namespace: { ...aText, ...optional },
    function: { ...aText, ...optional },
    type: { ...aTextOrNull, ...optional },
    imports: { ...texts, ...required },
  },
};
const EXPORT_KEYS: OptionTable<LockedExport> = {
  of: 'an export of a lock',
  rows: {
    name: { ...aText, ...required },
    type: { ...aTextOrNull, ...optional },
    reach: { ...oneOf(['bounded', 'everything', 'unknown']), ...optional },
    imports: { ...texts, ...optional },
  },
};
const PLUGIN_KEYS: OptionTable<LockedPlugin> = {
  of: 'a plugin of a lock',
  rows: {
    name: { ...aText, ...required },
    modules: { ...each(MODULE_KEYS), ...required },
    powers: { ...each(POWER_KEYS), ...required },
    exports: { ...each(EXPORT_KEYS), ...required },
    uses: { ...texts, ...optional },
  },
};
export const LOCK_KEYS: OptionTable<LockFile> = {
  of: 'plugboard.lock.json',
  rows: {
    $schema: { ...aText, ...optional },
    version: { ...kind<1>(`the version ${LOCK_VERSION}`, value => value === LOCK_VERSION), ...required },
    plugins: { ...each(PLUGIN_KEYS), ...required },
  },
};

/** Reads plugboard.lock.json: text or data. @throws {CreateError} INVALID_POLICY */
export const readLockFile = (source: unknown, file: string = LOCK_FILE): LockFile =>
  readPlaced(LOCK_KEYS, source, file, 'lock').data;

export const importText = ({ namespace, name }: ImportName): string => `${namespace} ${name}`;

/** Describes the build of a report for a lock. Equal builds get equal descriptions. */
export function lockedPlugin(name: string, { modules, capabilities, exports }: AuditReport): LockedPlugin {
  return {
    name,
    modules: modules.map(({ name, sha256, sizeBytes }) => ({
      name,
      sha256: sha256!,
      sizeBytes: sizeBytes!,
    })),
    powers: capabilities.map(({ id, hostFunction, imports }) => ({
      power: id,
      ...(hostFunction && {
        namespace: hostFunction.namespace,
        function: hostFunction.name,
        type: hostFunction.type,
      }),
      imports: imports.map(importText),
    })),
    exports: exports.map(({ name, type, reach }) => ({
      name,
      type,
      ...(reach && { reach: reach.state, imports: reach.imports.map(importText) }),
    })),
  };
}
