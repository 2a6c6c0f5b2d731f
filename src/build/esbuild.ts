import { copyFile, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { refuseExtra } from '../../wasi/options.ts';
import { printModule } from '../types/index.ts';
import { refuse } from '../types/printing.ts';
import { IMPORTED, inlineSource, loadPlugin, tableEntry, withoutQuery } from './load.ts';
import { type BuildOptions, type BuiltPlugin, readBuildOptions } from './options.ts';
import { findWorkerFiles } from './worker-files.ts';

export type { BuildOptions, BuiltPlugin } from './options.ts';

// The parts of esbuild's types that are used here, since the package has no dependencies. esbuild's own types fit them.

interface Problem {
  text: string;
}
interface ResolveResult {
  path?: string;
  namespace?: string;
  errors?: Problem[];
}
interface LoadResult {
  contents?: string | Uint8Array;
  loader?: 'js' | 'copy' | 'file';
  resolveDir?: string;
  watchFiles?: string[];
  warnings?: Problem[];
}
interface OutputFile {
  path: string;
  contents: Uint8Array;
  hash: string;
  readonly text: string;
}
interface BuildResult {
  metafile?: { outputs: { [path: string]: { inputs: { [path: string]: unknown } } } } | undefined;
  outputFiles?: OutputFile[] | undefined;
}

/** The part of esbuild's object for plugins that is used. */
interface EsbuildBuild {
  initialOptions: {
    absWorkingDir?: string | undefined;
    conditions?: string[] | undefined;
    format?: string | undefined;
    metafile?: boolean | undefined;
    platform?: string | undefined;
    bundle?: boolean | undefined;
  };
  resolve(
    path: string,
    options: { importer: string; resolveDir: string; kind: 'import-statement' },
  ): Promise<{ path: string; errors: Problem[] }>;
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
    callback: (args: { path: string }) => Promise<LoadResult>,
  ): void;
  onEnd(callback: (result: BuildResult) => Promise<void>): void;
}

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
  // Tells which outputs look for a file beside them.
  initialOptions.metafile = true;

  build.onResolve({ filter: IMPORTED }, async ({ path, importer, resolveDir }) => {
    const found = await build.resolve(withoutQuery(path), { importer, resolveDir, kind: 'import-statement' });
    if (found.errors.length > 0) return { errors: found.errors };
    if (!folders.has(found.path)) folders.set(found.path, resolveDir);
    return { path: found.path, namespace: NAMESPACE };
  });
  build.onLoad({ filter: /.*/, namespace: NAMESPACE }, async ({ path }) => {
    const { plugin, watched, warnings } = await loadPlugin(path, options);
    bytes.set(path, plugin.bytes);
    const source = form === 'bytes' ? inlineSource(plugin.bytes) : fileSource(form, plugin);
    return {
      contents: printModule(plugin.types, { ...source, sha256: plugin.sha256 }),
      loader: 'js',
      resolveDir: folders.get(path) ?? dirname(path),
      watchFiles: watched,
      warnings: warnings.map(text => ({ text })),
    };
  });
  build.onResolve({ filter: new RegExp(`^${FILES}:`) }, ({ path }) => {
    return { path: path.slice(FILES.length + 1), namespace: FILES };
  });
  if (form !== 'bytes') {
    build.onLoad({ filter: /.*/, namespace: FILES }, async ({ path }) => {
      return { contents: bytes.get(path)!, loader: LOADERS[form] };
    });
  }
  build.onEnd(result => placeWorkerFiles(resolve(initialOptions.absWorkingDir ?? ''), result));
}

type Form = keyof typeof LOADERS | 'bytes';

function fileSource(gives: keyof typeof LOADERS, plugin: BuiltPlugin) {
  const head = `import file from ${JSON.stringify(`${FILES}:${plugin.path}`)};`;
  if (gives === 'url') return { head, source: 'new URL(file, import.meta.url)', gives };
  const { imports, source } = tableEntry('file', plugin);
  return { head: `${head}\n${imports}`, source, gives };
}

/** Decides the form in which a bundle gets its plugins. workerd compiles no bytes, but imports modules. */
function formOf(given: EsbuildBuild['initialOptions'], { inline }: BuildOptions): Form {
  const { conditions = [], format, platform } = given;
  if (conditions.includes('workerd')) return 'module';
  const hasUrl = format === undefined ? platform === 'neutral' : format === 'esm';
  return (inline ?? !hasUrl) ? 'bytes' : 'url';
}

/** Puts the files of workers beside the outputs that look for them there. */
async function placeWorkerFiles(folder: string, { metafile, outputFiles }: BuildResult): Promise<void> {
  for (const [name, { inputs }] of Object.entries(metafile?.outputs ?? {})) {
    if (!/\.[cm]?js$/.test(name)) continue;
    const path = resolve(folder, name);
    const output = outputFiles?.find(file => file.path === path);
    const code = outputFiles ? (output?.text ?? '') : await readFile(path, 'utf8');
    const files = findWorkerFiles(
      code,
      Object.keys(inputs).map(input => resolve(folder, input)),
    );
    for (const file of files) {
      const target = join(dirname(path), file.name);
      if (!outputFiles) await copyFile(file.path, target);
      else {
        const contents = await readFile(file.path);
        outputFiles.push({ path: target, contents, hash: '', text: contents.toString() });
      }
    }
  }
}

export { plugboard as default };
