import { NO_WASM } from '../../abi/errors.ts';
import { refuseExtra } from '../../wasi/options.ts';
import { CreateError } from '../errors.ts';
import { type ManifestLike, parseManifest, remoteManifest } from '../given/manifest.ts';
import { readForeign, refuseOption } from '../given/option-keys.ts';
import { inspect } from '../inspect/index.ts';
import type { ImportGroup, Inspection } from '../inspect/inspection.ts';
import {
  fetchManifest,
  hexOfSha256IfPossible,
  type LoadedSource,
  loadSource,
  MAIN,
} from '../module/source.ts';
import type { Platform } from '../platform/types.ts';
import { readCalls } from '../wasm/calls.ts';
import { type ModuleOutline, readModule, type Section } from '../wasm/reader.ts';
import { capabilitiesOfImport, collectCapabilities } from './capabilities.ts';
import { findHints } from './hints.ts';
import { lint } from './lint.ts';
import type { Linted } from './lint-rules.ts';
import { findReach, type ReachModule, unknownReach } from './reach.ts';
import {
  AUDIT_VERSION,
  type AuditReport,
  type ImportOrigin,
  type ModuleReport,
  type Reach,
} from './report.ts';

/** A module of the plugin, loaded and described. */
export interface AuditedModule {
  name: string;
  /** Null for a compiled module. */
  bytes: Uint8Array<ArrayBuffer> | null;
  sha256: string | null;
  inspection: Inspection;
  /** Empty for a compiled module. */
  outline: ModuleOutline;
}

/** Loads the modules of a manifest. Nothing of them is compiled or run. @throws {CreateError} as createPlugin does */
async function loadModules(platform: Platform, manifest: unknown): Promise<AuditedModule[]> {
  const base = platform.baseUrl?.();
  const remote = readForeign(() => remoteManifest(manifest, base));
  const given = remote ? await fetchManifest(remote, platform.fetch) : manifest;
  const { modules } = readForeign(() => parseManifest(given, base));
  return Promise.all(
    modules.map(async item =>
      describeModule(platform, item.name, await loadSource(platform, platform.fetch, item)),
    ),
  );
}

async function describeModule(
  platform: Platform,
  name: string,
  source: LoadedSource,
): Promise<AuditedModule> {
  const nothing = new Uint8Array();
  if ('module' in source)
    return {
      name,
      bytes: null,
      sha256: null,
      inspection: inspect(source.module),
      outline: readModule(nothing),
    };
  // The compilation that began with the download is not used; its failure is not an error here.
  source.compiling?.catch(() => {});
  const { bytes } = source;
  return describeBytes(name, bytes, source.sha256 ?? (await hexOfSha256IfPossible(platform, bytes)));
}

export const describeBytes = (
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  sha256: string | null,
): AuditedModule => ({ name, bytes, sha256, inspection: inspect(bytes), outline: readModule(bytes) });

/** Reports on a plugin without running it. */
export async function reportOn(
  platform: Platform,
  manifest: ManifestLike,
  ...extra: unknown[]
): Promise<AuditReport> {
  refuseExtra(extra, 'reportOf', refuseOption);
  if (!globalThis.WebAssembly) throw new CreateError('UNSUPPORTED', `reportOf: ${NO_WASM}`);
  return makeReport(await loadModules(platform, manifest));
}

/** Reports on modules that are loaded. One of them is named `main`. */
export function makeReport(loaded: readonly AuditedModule[]): AuditReport {
  const main = loaded.find(({ name }) => name === MAIN)!;
  const opensFiles = loaded.some(({ inspection }) =>
    inspection.imports.wasi.some(({ name }) => name === 'path_open'),
  );
  const code = readCode(loaded);
  const hints = loaded.flatMap(({ name, bytes, outline, inspection }) =>
    findHints(name, bytes, outline.sections, inspection),
  );
  const modules = loaded.map(module => reportModule(module, loaded, opensFiles));
  return {
    version: AUDIT_VERSION,
    modules,
    capabilities: collectCapabilities(modules.flatMap(({ imports }) => imports)),
    exports: main.inspection.exports.map(item => ({
      ...item,
      reach: item.kind === 'function' ? code.reachOf(item.name) : null,
    })),
    hints,
    findings: loaded.flatMap(({ name, inspection }) =>
      lint({
        name,
        inspection,
        hints: hints.filter(({ module }) => module === name),
        ...code.ofModule(name),
      }),
    ),
    advice: main.inspection.advice,
    unknown: loaded.flatMap(({ name, inspection }) =>
      inspection.unknown.map(text => (name === MAIN ? text : `${name}: ${text}`)),
    ),
  };
}

function reportModule(
  { name, sha256, inspection }: AuditedModule,
  all: readonly AuditedModule[],
  opensFiles: boolean,
): ModuleReport {
  const { sizeBytes, valid, sections, memories, start } = inspection;
  return {
    name,
    sha256,
    sizeBytes,
    valid,
    sections,
    memories,
    imports: Object.entries(inspection.imports).flatMap(([group, imports]) =>
      imports.map(item => {
        const { namespace, name, kind, type } = item;
        const origin = originOf(item, group as ImportGroup, all);
        return {
          namespace,
          name,
          kind,
          type,
          origin,
          capabilities: capabilitiesOfImport(item, origin, opensFiles),
        };
      }),
    ),
    start: [...(start.section ? ['start section'] : []), ...start.functions],
  };
}

/** Finds the provider in the order of `planLinks`. A function that the host gives under a name of the kernel or WASI is not known here. */
function originOf(
  { namespace, name }: { namespace: string; name: string },
  group: ImportGroup,
  modules: readonly AuditedModule[],
): ImportOrigin {
  const provider = modules.find(module => module.name === namespace);
  if (provider?.inspection.exports.some(item => item.name === name)) return 'module';
  return group === 'other' ? 'unknown' : group;
}

/** The results of reading the code of all modules. */
interface Code {
  reachOf(exported: string): Reach;
  /** The parts that only the code tells about a module. */
  ofModule(name: string): Pick<Linted, 'legacyExceptions' | 'atStart'>;
}

/** Reads the code. All exports have an unknown reach where one module cannot be read: it may call anything. */
function readCode(all: readonly AuditedModule[]): Code {
  const modules: ReachModule[] = [];
  for (const { name, bytes, inspection, outline } of all) {
    const refuse = (why: string): Code => ({
      reachOf: () => unknownReach(`module ${name}: ${why}`),
      ofModule: () => ({ legacyExceptions: false, atStart: [] }),
    });
    if (!bytes) return refuse('it came compiled, so that its code cannot be read');
    if (!inspection.valid) return refuse('it is not valid wasm');
    const calls = readCalls(bytes, outline);
    if (typeof calls === 'string') return refuse(`its code is not known here: ${calls}`);
    modules.push({
      name,
      calls,
      names: contentsOf(bytes, outline.sections, 'name'),
      providerOf: (namespace, wanted) =>
        modules.find(module => module.name === namespace && exportsName(module, wanted)),
    });
  }
  const moduleOf = (wanted: string) => modules.find(({ name }) => name === wanted)!;
  const { exports, atStart } = findReach(modules, moduleOf(MAIN));
  return {
    reachOf: name => exports.get(name)!,
    ofModule: name => ({
      legacyExceptions: moduleOf(name).calls.legacyExceptions,
      atStart: atStart(moduleOf(name)),
    }),
  };
}

const exportsName = ({ calls }: ReachModule, name: string): boolean =>
  calls.outline.exports.some(item => item.name === name);

const contentsOf = (
  bytes: Uint8Array,
  sections: readonly Section[],
  wanted: string,
): Uint8Array | undefined => {
  const found = sections.find(({ id, name }) => id === 0 && name === wanted);
  return found && bytes.subarray(found.contentsOffset, found.offset + found.sizeBytes);
};
