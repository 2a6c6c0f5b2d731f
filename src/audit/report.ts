import type { EnvCapability } from '../../abi/capabilities.ts';
import type { WasiCapability } from '../../wasi/spec/capabilities.ts';
import type { Advice, ExternKind, InspectedSection, Inspection } from '../inspect/inspection.ts';
import type { ReflowCapability } from '../inspect/reflow.ts';

/** The version of the form of `AuditReport`. A field may be added without a new version. */
export const AUDIT_VERSION = 1;

/** The names of an import. They are foreign texts, which may hold any character. */
export interface ImportName {
  namespace: string;
  name: string;
}

/**
 * The provider of an import. `kernel`: Extism's functions. `wasi`: preview 1. `reflow`: functions for actors. `module`: an export of
 * another module of the manifest. `host`: a function that the user has to provide. `unknown`: nothing provides it.
 */
export type ImportOrigin = 'kernel' | 'wasi' | 'reflow' | 'module' | 'host' | 'unknown';

export interface ReportedImport extends ImportName {
  kind: ExternKind;
  /** The type that the module declares, such as `(i64, i64) -> ()`. Null where it cannot be seen. */
  type: string | null;
  origin: ImportOrigin;
  /** The powers that the import gives. Empty for an import from another module, and for one that nothing provides. */
  capabilities: CapabilityId[];
}

/** Powers of a plugin, as the tables of the kernel, WASI and Reflow name them. */
export type CapabilityId = EnvCapability | WasiCapability | ReflowCapability | 'host-function';

/** One module of the plugin. */
export interface ModuleReport {
  /** Its name in the manifest; `main` for the module whose exports are called. */
  name: string;
  /** SHA-256 of the bytes in hexadecimal digits. Null for a compiled module, and on a platform without SHA-256. */
  sha256: string | null;
  /** Null for a compiled module. */
  sizeBytes: number | null;
  /** Whether this engine accepts the module. */
  valid: boolean;
  /** Sections in the order of the file. */
  sections: InspectedSection[];
  memories: Inspection['memories'];
  imports: ReportedImport[];
  /** Functions that run when the plugin is created: the start section as `start section`, then exports. */
  start: string[];
}

/** A power of the plugin as a whole. Open files, variables and an HTTP status live from one call to the next. */
export interface ReportedCapability {
  /** Stable name. All host functions have the name `host-function`. */
  id: CapabilityId;
  /** The host function, for `host-function` only; null else. */
  hostFunction: (ImportName & { type: string | null }) | null;
  /** The power in words, behind "It". */
  words: string;
  /** The option or manifest key that has to grant it, in words. */
  grant: string;
  /** Imports that give this power. */
  imports: ImportName[];
}

/** An import that an export can reach. */
export interface ReachedImport extends ImportName {
  /** One way of calls to it, by names of functions. The first is the export or a start function. */
  path: string[];
}

/**
 * Imports that calls of an export can reach. `bounded`: no call leads outside of `imports`. `everything`: the analysis met code
 * that it does not know, so that all imports count. `unknown`: the code cannot be seen.
 */
export interface Reach {
  state: 'bounded' | 'everything' | 'unknown';
  /** The reason for a state other than `bounded`. */
  why: string | null;
  /** Function imports that the plugin does not get from its own modules. Empty if the state is `unknown`. */
  imports: ReachedImport[];
  /** Number of such imports of the plugin that the export cannot reach. */
  excludes: number;
}

export interface ReportedExport {
  name: string;
  kind: ExternKind;
  type: string | null;
  /** Whether `call` accepts it. Null where the type cannot be seen. */
  callable: boolean | null;
  /** Null for an export that is not a function. */
  reach: Reach | null;
}

/** A text found in the module. A hint only: the plugin may build others when it runs, or never use this one. */
export interface Hint {
  kind: 'url' | 'host' | 'path' | 'key' | 'language' | 'tool' | 'pdk' | 'debug';
  module: string;
  text: string;
}

/** A finding of a lint rule. */
export interface Finding {
  /** Stable id of the rule. */
  rule: string;
  level: 'error' | 'warning' | 'note';
  module: string;
  message: string;
  /** The way to correct it. */
  repair: string;
}

/** A plugin as it is known without running it: plain data that JSON can hold. */
export interface AuditReport {
  version: typeof AUDIT_VERSION;
  /** In the order of the manifest. */
  modules: ModuleReport[];
  capabilities: ReportedCapability[];
  /** Exports of the module `main`. */
  exports: ReportedExport[];
  hints: Hint[];
  findings: Finding[];
  /** Advice of `inspect` for the module `main`: whether it would run here. */
  advice: Advice[];
  /** Sentences about data that could not be read. */
  unknown: string[];
}
