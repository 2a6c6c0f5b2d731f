import { WasiError } from './errors.ts';

/** Imports of another WASI than preview 1, by namespace and, if given, by name. */
export interface OtherWasi {
  readonly code: string;
  readonly namespace: RegExp;
  readonly name?: RegExp;
  readonly hint: string;
}

const REBUILD = 'build for preview 1, a target named wasip1 or wasi';

export const OTHER_WASI: readonly OtherWasi[] = [
  {
    code: 'WASI_UNSTABLE',
    namespace: /^wasi_unstable$/,
    hint: `snapshot 0 of WASI, of before preview 1 (2019); rebuild with a current compiler: ${REBUILD}`,
  },
  {
    code: 'WASI_PREVIEW_2',
    namespace: /^(cm32p2\|)?wasi:|^wasi_snapshot_preview2$/,
    hint: `the WASI of components, 0.2 or later; ${REBUILD}`,
  },
  {
    code: 'WASI_THREADS',
    namespace: /^wasi$/,
    name: /^thread-spawn$/,
    hint: 'threads of WASI, which are not provided; build without threads, for a target without "threads" in its name',
  },
  {
    code: 'WASIX',
    namespace: /^wasix_/,
    hint: `WASIX, which only Wasmer provides; ${REBUILD}`,
  },
  {
    code: 'WASI_PROPOSAL',
    namespace: /^wasi_ephemeral_/,
    hint: 'a proposal beside WASI preview 1, which is not provided; build without it',
  },
];

/** @throws {WasiError} WASI_OTHER_VERSION naming the first import of another WASI */
export function refuseOtherVersions(module: WebAssembly.Module): void {
  for (const { module: namespace, name } of WebAssembly.Module.imports(module)) {
    const found = OTHER_WASI.find(row => row.namespace.test(namespace) && (row.name?.test(name) ?? true));
    if (found)
      throw new WasiError(
        'WASI_OTHER_VERSION',
        `the module imports ${namespace}.${name}: expected wasi_snapshot_preview1, got ${found.hint}`,
      );
  }
}
