import { basename, dirname, posix } from 'node:path';
import { refuseExtra } from '../../wasi/options.ts';
import { printModule } from '../types/index.ts';
import { refuse } from '../types/printing.ts';
import { IMPORTED, inlineSource, loadPlugin, withoutQuery } from './load.ts';
import { type BuildOptions, type BuiltPlugin, readBuildOptions } from './options.ts';

export type { BuildOptions, BuiltPlugin } from './options.ts';

// The parts of the types of Vite and Rollup that are used here: plugboard does not depend on Vite. Its own types fit them.

/** The part of Rollup's context for plugins that is used. */
export interface ViteContext {
  environment?: { config: { resolve: { conditions?: string[] } } };
  resolve(
    source: string,
    importer?: string,
    options?: { skipSelf?: boolean },
  ): Promise<{ id: string } | null>;
  addWatchFile(path: string): void;
  warn(message: string): void;
  emitFile(file: { type: 'asset'; name: string; source: Uint8Array }): string;
  getFileName(reference: string): string;
}

export interface VitePlugin {
  name: string;
  enforce: 'pre';
  config(): { optimizeDeps: { exclude: string[] } };
  configResolved(config: { command: string }): void;
  resolveId(
    this: ViteContext,
    source: string,
    importer: string | undefined,
  ): Promise<string | Resolved | null>;
  load(this: ViteContext, id: string): Promise<string | null>;
  renderChunk(
    this: ViteContext,
    code: string,
    chunk: { fileName: string },
  ): { code: string; map: null } | null;
}
interface Resolved {
  id: string;
  external: true;
}

/** Stands in chunks for the path of a module that workerd imports, before the name of its file is known. */
const MODULE = 'plugboard-module:';

/**
 * Makes a plugin for Vite: `import counter from './counter.wasm?plugboard'` imports a typed wrapper. Rollup takes it too.
 * @throws {PlugboardError} INVALID_OPTION
 * @example
 * export default defineConfig({ plugins: [plugboard()] });
 */
export default function plugboard(options?: BuildOptions): VitePlugin;
export default function plugboard(options?: BuildOptions, ...extra: unknown[]): VitePlugin {
  refuseExtra(extra, 'plugboard', refuse);
  const read = readBuildOptions(options);
  let isServing = false;
  return {
    name: 'plugboard',
    enforce: 'pre',
    // Vite's dev server would move plugboard away from the file of its worker.
    config: () => ({ optimizeDeps: { exclude: ['plugboard'] } }),
    configResolved({ command }) {
      isServing = command === 'serve';
    },
    async resolveId(source, importer) {
      if (source.startsWith(MODULE)) return { id: source, external: true };
      if (!IMPORTED.test(source)) return null;
      const found = await this.resolve(withoutQuery(source), importer, { skipSelf: true });
      return found && `${found.id}?plugboard`;
    },
    async load(id) {
      if (!IMPORTED.test(id)) return null;
      const { plugin, watched, warnings } = await loadPlugin(withoutQuery(id), read);
      for (const path of watched) this.addWatchFile(path);
      for (const warning of warnings) this.warn(warning);
      const source = sourceOf(this, plugin, isServing || read.inline === true);
      return printModule(plugin.types, { ...source, sha256: plugin.sha256 });
    },
    renderChunk(code, { fileName }) {
      if (!code.includes(MODULE)) return null;
      const nameOf = (reference: string) => {
        const path = posix.relative(dirname(fileName), this.getFileName(reference));
        return path.startsWith('.') ? path : `./${path}`;
      };
      const pattern = new RegExp(`${MODULE}([\\w$-]+)`, 'g');
      return { code: code.replace(pattern, (_, reference: string) => nameOf(reference)), map: null };
    },
  };
}

function sourceOf(context: ViteContext, { bytes, path }: BuiltPlugin, isInline: boolean) {
  const conditions = context.environment?.config.resolve.conditions ?? [];
  const emit = () => context.emitFile({ type: 'asset', name: basename(path), source: bytes });
  if (isInline) return inlineSource(bytes);
  if (conditions.includes('workerd')) {
    const head = `import module from ${JSON.stringify(MODULE + emit())};`;
    return { head, source: 'module', gives: 'module' as const };
  }
  return { source: `new URL(import.meta.ROLLUP_FILE_URL_${emit()})`, gives: 'url' as const };
}
