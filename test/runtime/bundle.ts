import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { testFiles } from '../helpers/node.ts';
import { cannotLoad, type RuntimeId } from './cannot.ts';
import { root } from './root.ts';

/** The suites import the entries for Node. Bundled, they get the entries of `default`, as users' bundles do. */
const WEB_ENTRIES = { 'src/node.js': 'web.js', 'audit/node.js': 'index.js' };
const webEntries: Plugin = {
  name: 'the entries of web standards',
  setup({ onResolve }) {
    for (const [entry, web] of Object.entries(WEB_ENTRIES))
      onResolve({ filter: new RegExp(`/${entry}$`) }, ({ path, resolveDir }) => ({
        path: join(resolveDir, dirname(path), web),
      }));
  },
};

/** Bundles the result of `write`, which gets an expression (a TestFile[]) for the suites that `runtime` can load. */
export async function bundleSuites(
  runtime: RuntimeId,
  write: (suites: string) => readonly string[],
): Promise<string> {
  const suites = testFiles()
    .filter(({ name }) => cannotLoad(runtime, name) === undefined)
    .map(({ name }) => `{ name: '${name}', load: () => import('./dist/test/${name}') }`);
  return bundle(write(`[${suites.join(', ')}]`).join('\n'));
}

/** Bundles the text of a module. Imports are resolved from the repository's root; imports of imported/ are kept. */
export async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    logLevel: 'error',
    external: ['imported/*', 'cloudflare:*'],
    // package.json says `sideEffects: false`. That is true of the entries that users import, but not of suites.
    ignoreAnnotations: true,
    plugins: [webEntries],
  });
  return outputFiles[0]!.text;
}

/** The entry of workers. web-worker.ts looks for it in its own folder, which is the folder of the bundle. */
export const bundleWorker = (): Promise<string> => bundle("import './dist/src/platform/worker-web.js';");

/** The files that suites read through their host. */
export const suiteFiles = (): string[] => [
  ...repositoryFiles(),
  ...repositoryFiles('sdk'),
  ...repositoryFiles('test/replay/recordings'),
  'package.json',
  'schemas/audit-report-1.json',
  'schemas/recording-1.json',
  'schemas/trace-1.json',
  'test/audit/sarif-2.1.0.schema.json',
  'test/fuel/counts.json',
];

/** The files below a folder, except build output and links to other folders. */
export function repositoryFiles(folder = 'fixtures'): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`;
    if (entry.isSymbolicLink()) return [];
    if (!entry.isDirectory()) return path;
    return /^(target|node_modules|build)$/.test(entry.name) ? [] : repositoryFiles(path);
  });
}
