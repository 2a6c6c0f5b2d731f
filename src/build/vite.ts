import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { refuseExtra } from '../../wasi/options.ts';
import { PlugboardError } from '../errors.ts';
import { type ModuleOptions, printModule } from '../types/index.ts';
import { refuse } from '../types/printing.ts';
import { toBase64 } from '../values/base64.ts';
import { IMPORTED, inlineSource, loadPlugin, pathBeside, tableEntry, withoutQuery } from './load.ts';
import { type BuildOptions, type BuiltPlugin, readBuildOptions } from './options.ts';
import { findWorkerFile, WORKER_FILE } from './worker-files.ts';

export type { BuildOptions, BuiltPlugin } from './options.ts';

// The parts of the types of Vite and Rollup that are used here, since the package has no dependencies. Their own types fit.

/** The part of Rollup's context for plugins that is used. */
interface ViteContext {
  environment?: { config: { resolve: { conditions?: string[] } } };
  resolve(
    source: string,
    importer?: string,
    options?: { skipSelf?: boolean },
  ): Promise<{ id: string; external?: boolean | string } | null>;
  addWatchFile(path: string): void;
  warn(message: string): void;
  emitFile(file: { type: 'asset'; name?: string; fileName?: string; source: Uint8Array }): string;
  getFileName(reference: string): string;
}

interface VitePlugin {
  name: string;
  enforce: 'pre';
  config(): { optimizeDeps: { exclude: string[] } };
  configResolved(config: { command: string; cacheDir: string; build: { assetsDir: string } }): void;
  resolveId(
    this: ViteContext,
    source: string,
    importer: string | undefined,
  ): Promise<string | Resolved | null>;
  load(this: ViteContext, id: string, options?: { ssr?: boolean | undefined }): Promise<string | null>;
  transform(this: ViteContext, code: string, id: string): Promise<{ code: string; map: null } | null>;
  renderChunk(
    this: ViteContext,
    code: string,
    chunk: { fileName: string },
    options: { format: string },
  ): { code: string; map: null } | null;
  generateBundle: {
    order: 'post';
    handler(this: ViteContext, options: unknown, bundle: { [name: string]: Chunk }): void;
  };
}
/** A file of the output. Only chunks have code and modules. */
interface Chunk {
  fileName: string;
  code?: string;
  moduleIds?: string[];
}
interface Resolved {
  id: string;
  external?: true;
}

/** Stands in chunks, before a SHA-256, for the path of the file with these bytes. */
const FILE = 'plugboard-file:';
const FILE_IN_CODE = /(?:\/\* @vite-ignore \*\/\s*)?(["'`])plugboard-file:([\da-f]{64})\1/g;

/** The file of a plugin: one that Vite names, or one that is put into the output after Vite has left files out of it. */
type OutputFile = { bytes: Uint8Array } & ({ reference: string } | { fileName: string });

/**
 * Makes a plugin for Vite: `import counter from './counter.wasm?plugboard'` imports a typed wrapper. Rollup takes it too.
 * @throws {PlugboardError} INVALID_OPTION
 * @example
 * export default defineConfig({ plugins: [plugboard()] });
 */
export function plugboard(options?: BuildOptions): VitePlugin;
export function plugboard(options?: BuildOptions, ...extra: unknown[]): VitePlugin {
  refuseExtra(extra, 'plugboard', refuse);
  const read = readBuildOptions(options);
  let isServing = false;
  let folder = 'assets';
  let cache = '';
  const files = new FilesOfEnvironments();
  // A plugin may lie where plugboard is not installed, so its wrapper imports as its importer does.
  const importers = new Map<string, string>();

  const print = async (context: ViteContext, id: string, isForServer: boolean): Promise<string> => {
    const watched: string[] = [];
    const { plugin, warnings } = await loadPlugin(withoutQuery(id), read, watched).finally(() => {
      for (const path of watched) context.addWatchFile(path);
    });
    for (const warning of warnings) context.warn(warning);
    const source = await sourceOf(context, plugin, isForServer);
    return printModule(plugin.types, { ...source, sha256: plugin.sha256 });
  };
  const sourceOf = async (
    context: ViteContext,
    plugin: BuiltPlugin,
    isForServer: boolean,
  ): Promise<Omit<ModuleOptions, 'sha256'>> => {
    const { bytes, path, sha256 } = plugin;
    const name = basename(path);
    const ownName = `${name.replace(/\.wasm$/, '')}-${sha256}.wasm`;
    if (isForWorkerd(context)) {
      const specifier = isServing
        ? await cacheModule(context, join(cache, 'plugboard'), ownName, bytes)
        : FILE + sha256;
      // The server runs in Node: workerd alone imports modules, and compiles no bytes.
      if (specifier === null) return inlineSource(bytes);
      if (!isServing) files.of(context).set(sha256, { fileName: posix.join(folder, ownName), bytes });
      const { imports, source } = tableEntry('module', plugin);
      return {
        head: `import module from ${JSON.stringify(specifier)};\n${imports}`,
        source,
        gives: 'module',
      };
    }
    // The dev server has no output folder.
    if (isServing || (read.inline ?? isForServer)) return inlineSource(bytes);
    const file = isForServer
      ? { fileName: posix.join(folder, ownName), bytes }
      : { reference: context.emitFile({ type: 'asset', name, source: bytes }), bytes };
    files.of(context).set(sha256, file);
    // Vite would read it as a path of the sources. In the output other tools find the file by this form.
    const source = `new URL(/* @vite-ignore */ ${JSON.stringify(FILE + sha256)}, import.meta.url)`;
    return { source, gives: 'url' };
  };

  return {
    name: 'plugboard',
    enforce: 'pre',
    // Vite's dev server would move plugboard away from the file of its worker.
    config: () => ({ optimizeDeps: { exclude: ['plugboard'] } }),
    configResolved({ command, build, cacheDir }) {
      isServing = command === 'serve';
      folder = build.assetsDir;
      cache = cacheDir;
    },
    async resolveId(source, importer) {
      if (source.startsWith(FILE)) return { id: source, external: true };
      const origin = importer === undefined ? undefined : importers.get(importer);
      if (origin !== undefined)
        return this.resolve(source, origin, { skipSelf: true }) as Promise<Resolved | null>;
      if (!IMPORTED.test(source)) return null;
      // With its query, which no setting for wasm files takes. Rollup alone finds no file then.
      const found =
        (await this.resolve(source, importer, { skipSelf: true })) ??
        (await this.resolve(withoutQuery(source), importer, { skipSelf: true }));
      if (!found) return null;
      const path = IMPORTED.test(found.id) ? withoutQuery(found.id) : found.id;
      const id = `${pathBeside(path, !found.external, withoutQuery(source), importer)}?plugboard`;
      if (importer !== undefined && !importers.has(id)) importers.set(id, importer);
      return id;
    },
    async load(id, { ssr = false } = {}) {
      // The dev server reads the file itself, or refuses to, as `server.fs` says.
      return isServing || !IMPORTED.test(id) ? null : print(this, id, ssr);
    },
    async transform(code, id) {
      if (!isServing || !IMPORTED.test(id)) return null;
      if (!code.startsWith('\0asm'))
        throw new PlugboardError('UNSUPPORTED', `${withoutQuery(id)}: ${NO_MODULE}`);
      return { code: await print(this, id, false), map: null };
    },
    renderChunk(code, { fileName }, { format }) {
      if (!code.includes(FILE)) return null;
      const isPath = isForWorkerd(this);
      const replaced = code.replaceAll(FILE_IN_CODE, (text, _, sha256: string) => {
        const file = files.of(this).get(sha256);
        if (!file) return text;
        if (!HAVE_URL.has(format))
          return JSON.stringify(`data:application/wasm;base64,${toBase64(file.bytes)}`);
        const name = 'reference' in file ? this.getFileName(file.reference) : file.fileName;
        const path = posix.relative(posix.dirname(fileName), name);
        const relative = path.startsWith('.') ? path : `./${path}`;
        return JSON.stringify(isPath ? relative : relative.split('/').map(encodeURIComponent).join('/'));
      });
      return { code: replaced, map: null };
    },
    generateBundle: {
      // After Vite, which takes the files out of a build for a server.
      order: 'post',
      handler(_, bundle) {
        for (const file of files.of(this).values()) {
          if ('fileName' in file)
            this.emitFile({ type: 'asset', fileName: file.fileName, source: file.bytes });
        }
        for (const { fileName, code = '', moduleIds = [] } of Object.values(bundle)) {
          const path = findWorkerFile(code, moduleIds);
          if (path === undefined) continue;
          const target = posix.join(posix.dirname(fileName), WORKER_FILE);
          if (bundle[target]?.moduleIds) throw new PlugboardError('UNSUPPORTED', takenBy(target, path));
          this.emitFile({ type: 'asset', fileName: target, source: readFileSync(path) });
        }
      },
    },
  };
}

const NO_MODULE =
  'expected a wasm module from the dev server; the file is damaged, or `assetsInclude` or another plugin takes it';
const takenBy = (target: string, path: string): string =>
  `${target}: a file of this name is for ${path}, which plugboard starts as a worker; give yours another name`;

/** The formats of chunks that know their own URL, whichever tool wrote them. */
const HAVE_URL = new Set(['es', 'esm', 'module', 'system']);

/** Files of each environment, by the SHA-256 of their bytes. Environments of one build may share the plugin. */
class FilesOfEnvironments {
  readonly #maps = new WeakMap<object, Map<string, OutputFile>>();
  of({ environment = this }: { environment?: object }): Map<string, OutputFile> {
    const map = this.#maps.get(environment) ?? new Map<string, OutputFile>();
    this.#maps.set(environment, map);
    return map;
  }
}

/** Puts bytes into a file that the dev server of Cloudflare's plugin imports as a compiled module. Returns null for another server. */
async function cacheModule(
  context: ViteContext,
  folder: string,
  name: string,
  bytes: Uint8Array,
): Promise<string | null> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, bytes);
  const found = await context.resolve(path);
  return found?.external ? path : null;
}

const isForWorkerd = ({ environment }: ViteContext): boolean =>
  environment?.config.resolve.conditions?.includes('workerd') ?? false;

export { plugboard as default };
