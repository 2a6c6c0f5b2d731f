import { readFileSync } from 'node:fs';
import { basename, posix } from 'node:path';
import { refuseExtra } from '../../wasi/options.ts';
import { type ModuleOptions, printModule } from '../types/index.ts';
import { refuse } from '../types/printing.ts';
import { IMPORTED, inlineSource, loadPlugin, tableEntry, withoutQuery } from './load.ts';
import { type BuildOptions, readBuildOptions } from './options.ts';
import { findWorkerFiles } from './worker-files.ts';

export type { BuildOptions, BuiltPlugin } from './options.ts';

// The parts of the types of Vite and Rollup that are used here, since the package has no dependencies. Their own types fit.

/** The part of Rollup's context for plugins that is used. */
interface ViteContext {
  environment?: { config: { resolve: { conditions?: string[] } } };
  resolve(
    source: string,
    importer?: string,
    options?: { skipSelf?: boolean },
  ): Promise<{ id: string } | null>;
  addWatchFile(path: string): void;
  warn(message: string): void;
  emitFile(file: { type: 'asset'; name?: string; fileName?: string; source: Uint8Array }): string;
}

interface VitePlugin {
  name: string;
  enforce: 'pre';
  config(): { optimizeDeps: { exclude: string[] } };
  configResolved(config: { command: string; build: { assetsDir: string } }): void;
  resolveId(
    this: ViteContext,
    source: string,
    importer: string | undefined,
  ): Promise<string | Resolved | null>;
  load(this: ViteContext, id: string, options?: { ssr?: boolean | undefined }): Promise<string | null>;
  renderChunk(code: string, chunk: { fileName: string }): { code: string; map: null } | null;
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

/** Stands in chunks for the path of a module that workerd imports, before the name of its file is known. */
const MODULE = 'plugboard-module:';

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
  const modules = new Map<string, Uint8Array>();
  // A plugin may lie where plugboard is not installed, so its wrapper imports as its importer does.
  const importers = new Map<string, string>();
  return {
    name: 'plugboard',
    enforce: 'pre',
    // Vite's dev server would move plugboard away from the file of its worker.
    config: () => ({ optimizeDeps: { exclude: ['plugboard'] } }),
    configResolved({ command, build }) {
      isServing = command === 'serve';
      folder = build.assetsDir;
    },
    async resolveId(source, importer) {
      if (source.startsWith(MODULE)) return { id: source, external: true };
      const origin = importer === undefined ? undefined : importers.get(importer);
      if (origin !== undefined) return this.resolve(source, origin, { skipSelf: true });
      if (!IMPORTED.test(source)) return null;
      const found = await this.resolve(withoutQuery(source), importer, { skipSelf: true });
      if (!found) return null;
      const id = `${found.id}?plugboard`;
      if (importer !== undefined && !importers.has(id)) importers.set(id, importer);
      return id;
    },
    async load(id, { ssr = false } = {}) {
      if (!IMPORTED.test(id)) return null;
      const { plugin, watched, warnings } = await loadPlugin(withoutQuery(id), read);
      for (const path of watched) this.addWatchFile(path);
      for (const warning of warnings) this.warn(warning);
      const name = basename(plugin.path);
      const source = (): Omit<ModuleOptions, 'sha256'> => {
        if (!isServing && isForWorkerd(this)) {
          const file = `${name.replace(/\.wasm$/, '')}-${plugin.sha256.slice(0, 8)}.wasm`;
          modules.set(file, plugin.bytes);
          const { imports, source } = tableEntry('module', plugin);
          const head = `import module from ${JSON.stringify(MODULE + file)};\n${imports}`;
          return { head, source, gives: 'module' };
        }
        // The dev server has no output folder, and a build for a server leaves files out.
        if (read.inline ?? (isServing || ssr)) return inlineSource(plugin.bytes);
        const reference = this.emitFile({ type: 'asset', name, source: plugin.bytes });
        return { source: `new URL(import.meta.ROLLUP_FILE_URL_${reference})`, gives: 'url' };
      };
      return printModule(plugin.types, { ...source(), sha256: plugin.sha256 });
    },
    renderChunk(code, { fileName }) {
      if (!code.includes(MODULE)) return null;
      const path = posix.relative(posix.dirname(fileName), folder);
      const prefix = path.startsWith('.') ? path : `./${path}`;
      return { code: code.replaceAll(MODULE, `${prefix}/`), map: null };
    },
    generateBundle: {
      // After Vite, which takes the files out of a build for a server.
      order: 'post',
      handler(_, bundle) {
        const emit = (fileName: string, source: Uint8Array) =>
          this.emitFile({ type: 'asset', fileName, source });
        for (const [file, bytes] of modules) emit(posix.join(folder, file), bytes);
        for (const { fileName, code = '', moduleIds = [] } of Object.values(bundle)) {
          for (const { name, path } of findWorkerFiles(code, moduleIds)) {
            emit(posix.join(posix.dirname(fileName), name), readFileSync(path));
          }
        }
      },
    },
  };
}

const isForWorkerd = ({ environment }: ViteContext): boolean =>
  environment?.config.resolve.conditions?.includes('workerd') ?? false;

export { plugboard as default };
