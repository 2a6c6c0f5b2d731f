import type { Producers } from './wasm/custom.ts';
import type { ExternType, MemoryType } from './wasm/types.ts';

export type ExternKind = ExternType['kind'];

/** `kernel`: Extism's. `wasi`: preview 1. `reflow`: given to actors. `host`: to be given. `other`: never provided. */
export type ImportGroup = 'kernel' | 'wasi' | 'reflow' | 'host' | 'other';

export interface InspectedImport {
  namespace: string;
  name: string;
  kind: ExternKind;
  /** As the module declares it, such as `(i64, i64) -> ()`. Null where it cannot be seen. */
  type: string | null;
  /** What it is provided with; null where nothing provides it. */
  expected: string | null;
  /**
   * `ok`: provided with this type. `mismatch`: provided with another type. `unchecked`: provided, and the declared type
   * cannot be seen. `needed`: to be given as a host function. `unknown`: nothing provides it.
   */
  status: 'ok' | 'mismatch' | 'unchecked' | 'needed' | 'unknown';
  /** What to do about it, where there is something to do. */
  hint: string | null;
}

export interface InspectedExport {
  name: string;
  kind: ExternKind;
  /** Null where it cannot be seen; always for tables, globals and tags. */
  type: string | null;
  /** Whether `call` takes it: a function of type `() -> ()` or `() -> (i32)`. Null where the type cannot be seen. */
  callable: boolean | null;
}

export interface InspectedSection {
  /** Such as `code`, or the name of a custom section. */
  name: string;
  custom: boolean;
  sizeBytes: number;
  /** Part of the file, 0 to 1. Null where the size of the file cannot be seen. */
  share: number | null;
}

export interface Advice {
  /** Stable; what programs should look at. */
  code: string;
  /** Whether the module will not run here because of it. */
  stops: boolean;
  message: string;
}

/** What `inspect` tells of a module: plain data that JSON can hold. */
export interface Inspection {
  /** Null where it cannot be seen. */
  sizeBytes: number | null;
  /** Whether this engine accepts it. */
  valid: boolean;
  /** Whether it would run here once it gets what it needs, as far as can be known: no advice stops it. */
  runs: boolean;
  moduleName: string | null;
  imports: Record<ImportGroup, InspectedImport[]>;
  exports: InspectedExport[];
  /** In order, imported ones first. Null where they cannot be seen. */
  memories: (MemoryType & { imported: boolean })[] | null;
  /** How many there are, imported ones included. Null where it cannot be seen. */
  counts: { functions: number; tables: number; globals: number } | null;
  start: {
    /** Whether it has a start section, which runs at instantiation. Null where it cannot be seen. */
    section: boolean | null;
    /** Exports that createPlugin runs, in this order. */
    functions: string[];
    /** Whether it has a `_start`, which runs only when it is called by name. */
    command: boolean;
  };
  /** Null when it is no Reflow actor; the SDK is null when nothing tells which one it was. */
  reflow: { sdk: 'current' | 'april-2025' | null; metadata: boolean } | null;
  needs: {
    wasi: boolean;
    /** Whether it may send HTTP requests. */
    http: boolean;
    /** Source of the option `functions` for all imports that have to be given. Null when there are none. */
    functions: string | null;
  };
  /** In the order of the file; where the bytes cannot be seen, only custom ones of well-known names. */
  sections: InspectedSection[];
  producers: Producers | null;
  /** What the compiler was allowed to use. Null when it does not say. */
  features: string[] | null;
  advice: Advice[];
  /** What could not be found out, for people. */
  unknown: string[];
}
