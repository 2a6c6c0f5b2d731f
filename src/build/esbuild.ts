import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { refuseExtra } from '../../wasi/options.ts';
import { messageOf } from '../errors.ts';
import { printModule } from '../types/index.ts';
import { refuse } from '../types/printing.ts';
import { IMPORTED, inlineSource, loadPlugin, pathBeside, tableEntry, withoutQuery } from './load.ts';
import { type BuildOptions, type BuiltPlugin, readBuildOptions } from './options.ts';
import { WORKER_FILE, workerFileIn } from './worker-files.ts';

export type { BuildOptions, BuiltPlugin } from './options.ts';

// The parts of esbuild's types that are used here, since the package has no dependencies. esbuild's own types fit them.

interface Problem {
  text: string;
}
interface ResolveResult {
  path?: string;
  namespace?: string;
  errors?: Problem[];
  watchFiles?: string[];
}
interface LoadResult {
  contents?: string | Uint8Array;
  loader?: 'js' | 'copy' | 'file';
  resolveDir?: string;
  watchFiles?: string[];
  warnings?: Problem[];
  errors?: Problem[];
}

/** The part of esbuild's object for plugins that is used. */
interface EsbuildBuild {
  initialOptions: {
    conditions?: string[] | undefined;
    format?: string | undefined;
    platform?: string | undefined;
    outdir?: string | undefined;
    outfile?: string | undefined;
    publicPath?: string | undefined;
  };
  resolve(
    path: string,
    options: { importer: string; resolveDir: string; kind: 'import-statement' },
  ): Promise<{ path: string; errors: Problem[]; external: boolean; namespace: string }>;
  onResolve(
    options: { filter: RegExp },
    callback: (args: {
      path: string;
      importer: string;
      resolveDir: string;
    }) => Promise<ResolveResult> | ResolveResult,
  ): void;
  onLoad(
    options: { filter: RegExp; namespace: string },
    callback: (args: { path: string }) => Promise<LoadResult | null>,
  ): void;
}

type InitialOptions = EsbuildBuild['initialOptions'];

interface EsbuildPlugin {
  name: string;
  setup(build: EsbuildBuild): void;
}

const NAMESPACE = 'plugboard';
/** The namespace of the wasm files that printed modules import. */
const FILES = 'plugboard-file';

/** The loader of esbuild that gives the file of a plugin in each form. */
const LOADERS = { module: 'copy', url: 'file' } as const;

/**
 * Makes a plugin for esbuild: `import counter from './counter.wasm?plugboard'` imports a typed wrapper.
 * @throws {PlugboardError} INVALID_OPTION
 * @example
 * await esbuild.build({ entryPoints: ['app.js'], bundle: true, format: 'esm', outdir: 'out', plugins: [plugboard()] });
 */
export function plugboard(options?: BuildOptions): EsbuildPlugin;
export function plugboard(options?: BuildOptions, ...extra: unknown[]): EsbuildPlugin {
  refuseExtra(extra, 'plugboard', refuse);
  const read = readBuildOptions(options);
  return { name: 'plugboard', setup: build => setUp(build, read) };
}

function setUp(build: EsbuildBuild, options: BuildOptions): void {
  const { initialOptions } = build;
  const form = formOf(initialOptions, options);
  const bytes = new Map<string, Uint8Array>();
  // A plugin may lie where plugboard is not installed, so its wrapper imports from the folder of its importer.
  const folders = new Map<string, string>();

  build.onResolve({ filter: IMPORTED }, async ({ path: given, importer, resolveDir }) => {
    const specifier = withoutQuery(given);
    const found = await build.resolve(specifier, { importer, resolveDir, kind: 'import-statement' });
    // A file that is missing may come back.
    const watchFiles = [resolve(resolveDir, specifier)];
    if (found.errors.length > 0) return { errors: found.errors, watchFiles };
    const isFile = found.namespace === 'file' && !found.external;
    const path = pathBeside(found.path, isFile, specifier, join(resolveDir, 'importer'));
    if (!folders.has(path)) folders.set(path, resolveDir);
    return { path, namespace: NAMESPACE };
  });
  build.onLoad({ filter: /.*/, namespace: NAMESPACE }, async ({ path }) => {
    const watchFiles: string[] = [];
    try {
      const { plugin, warnings } = await loadPlugin(path, options, watchFiles);
      bytes.set(path, plugin.bytes);
      const source = form === 'bytes' ? inlineSource(plugin.bytes) : fileSource(form, plugin, initialOptions);
      return {
        contents: printModule(plugin.types, { ...source, sha256: plugin.sha256 }),
        loader: 'js',
        resolveDir: folders.get(path) ?? dirname(path),
        watchFiles,
        warnings: warnings.map(text => ({ text })),
      };
    } catch (error) {
      // Thrown, it would end the watch of these files.
      return { errors: [{ text: messageOf(error) }], watchFiles };
    }
  });
  build.onResolve({ filter: new RegExp(`^${FILES}:`) }, ({ path }) => {
    return { path: path.slice(FILES.length + 1), namespace: FILES };
  });
  build.onLoad({ filter: /.*/, namespace: FILES }, async ({ path }) => {
    const plugin = bytes.get(path);
    return plugin && form !== 'bytes'
      ? { contents: plugin, loader: LOADERS[form] }
      : { contents: await readFile(path), loader: 'file' };
  });
  if (initialOptions.outdir ?? initialOptions.outfile) emitWorkerFile(build);
}

type Form = keyof typeof LOADERS | 'bytes';

function fileSource(gives: keyof typeof LOADERS, plugin: BuiltPlugin, { publicPath = '' }: InitialOptions) {
  const head = `import file from ${JSON.stringify(`${FILES}:${plugin.path}`)};`;
  if (gives === 'url') {
    // A name of a file may have characters that mean something else in a URL. `publicPath` is a URL already.
    const path = `file.slice(${publicPath.length}).replace(/[%#?\\\\]/g, encodeURIComponent)`;
    return { head, source: `new URL(${JSON.stringify(publicPath)} + ${path}, import.meta.url)`, gives };
  }
  const { imports, source } = tableEntry('file', plugin);
  return { head: `${head}\n${imports}`, source, gives };
}

/** Makes the file that plugboard starts as a worker an output, and its code look for that. */
function emitWorkerFile(build: EsbuildBuild): void {
  build.onLoad({ filter: /[\\/]dist[\\/]lib[\\/].*\.c?js$/, namespace: 'file' }, async ({ path }) => {
    const file = workerFileIn(dirname(path)) ?? workerFileIn(dirname(dirname(path)));
    if (file === undefined) return null;
    const code = await readFile(path, 'utf8');
    const url = `require(${JSON.stringify(`${FILES}:${file}`)})`;
    return { contents: code.replaceAll(WORKER_NAME, () => url), loader: 'js' };
  });
}
const WORKER_NAME = new RegExp(`(["'])\\./${WORKER_FILE}\\1`, 'g');

/** Decides the form in which a bundle gets its plugins. workerd compiles no bytes, but imports modules. */
function formOf(given: InitialOptions, { inline }: BuildOptions): Form {
  const { conditions = [], format, platform } = given;
  if (conditions.includes('workerd')) return 'module';
  const hasUrl = format === undefined ? platform === 'neutral' : format === 'esm';
  return (inline ?? !hasUrl) ? 'bytes' : 'url';
}

export { plugboard as default };
