import type { Producers } from '../wasm/custom.ts';
import type { ExternType, MemoryType } from '../wasm/types.ts';

export type ExternKind = ExternType['kind'];

/**
 * Provider of an import. `kernel`: Extism's functions. `wasi`: preview 1. `reflow`: functions for actors. `host`: functions
 * that the user has to provide. `other`: never provided.
 */
export type ImportGroup = 'kernel' | 'wasi' | 'reflow' | 'host' | 'other';

export interface InspectedImport {
  namespace: string;
  name: string;
  kind: ExternKind;
  /** The type that the module declares, such as `(i64, i64) -> ()`. Null where it cannot be seen. */
  type: string | null;
  /** The type that the host provides; null where the host provides no such import. */
  expected: string | null;
  /**
   * `ok`: provided with this type. `mismatch`: provided with another type. `unchecked`: provided, but the declared type
   * cannot be seen. `needed`: the user has to provide a host function. `unknown`: nothing provides it.
   */
  status: 'ok' | 'mismatch' | 'unchecked' | 'needed' | 'unknown';
  /** Advice on how to provide the import; null where none is needed. */
  hint: string | null;
}

export interface InspectedExport {
  name: string;
  kind: ExternKind;
  /** The wasm type as text. Null where it cannot be seen; always null for tables, globals and tags. */
  type: string | null;
  /** Whether `call` accepts it: a function of type `() -> ()` or `() -> (i32)`. Null where the type cannot be seen. */
  callable: boolean | null;
}

export interface InspectedSection {
  /** A name such as `code`, or the name of a custom section. */
  name: string;
  custom: boolean;
  sizeBytes: number;
  /** Share of the file, 0 to 1. Null for a compiled module, whose size is not known. */
  share: number | null;
}

export interface Advice {
  /** Stable code. Programs should check it, and not the message. */
  code: string;
  /** True if this problem prevents the module from running here. */
  stops: boolean;
  message: string;
}

/** Result of `inspect`: plain data that JSON can hold. */
export interface Inspection {
  /** Size of the file. Null for a compiled module. */
  sizeBytes: number | null;
  /** Whether this engine accepts the module. */
  valid: boolean;
  /** Whether the module would run here if all its needs are met: no advice stops it. */
  runs: boolean;
  moduleName: string | null;
  imports: Record<ImportGroup, InspectedImport[]>;
  exports: InspectedExport[];
  /** Memories by index, imported ones first. Null where they cannot be seen. */
  memories: (MemoryType & { imported: boolean })[] | null;
  /** Numbers of items, imported ones included. Null where they cannot be seen. */
  counts: { functions: number; tables: number; globals: number } | null;
  start: {
    /** Whether the module has a start section, which runs at instantiation. Null where it cannot be seen. */
    section: boolean | null;
    /** Exports that createPlugin runs, in this order. */
    functions: string[];
    /** Whether the module exports `_start`, which runs only when it is called by name. */
    command: boolean;
  };
  /** Null for a module that is not a Reflow actor. `sdk` is null when the SDK cannot be recognised. */
  reflow: { sdk: 'current' | 'april-2025' | null; metadata: boolean } | null;
  needs: {
    wasi: boolean;
    /** Whether the module imports `http_request`. */
    http: boolean;
    /** Source text of the option `functions`, for all imports that the user has to provide. Null if there are none. */
    functions: string | null;
  };
  /** Sections in the order of the file. For a compiled module, only custom sections with well-known names. */
  sections: InspectedSection[];
  producers: Producers | null;
  /** Features that the compiler was allowed to use. Null if the module does not list them. */
  features: string[] | null;
  advice: Advice[];
  /** Sentences about data that could not be read. */
  unknown: string[];
}
