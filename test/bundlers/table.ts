// How programs with the package are bundled, and how the bundles start. docs/BUNDLERS.md is checked against the results.

/** The steps of test/bundlers/app.mjs; each cell is one of them. */
export const COLUMNS = ['plain', 'worker', 'wasm'] as const;

export interface Row {
  tool: string;
  format: string;
  /**
   * The command that bundles ENTRY into OUT. Its first word is looked for in node_modules/.bin, unless it is a path. Left out where
   * the row before has built, or where a server does it.
   */
  build?: string;
  start: Start;
  /** The folder of the project that has the tool, if it is not that of the other rows. */
  project?: 'next';
  /** Files that are put into OUT beforehand, as users have to. */
  beside?: readonly string[];
  /** Reasons for the columns that do not work. The text of the failure must contain `says`. */
  cannot?: Partial<Record<(typeof COLUMNS)[number], { says: string; why: string }>>;
  /** Takes more time than `.ci/run` has. */
  isSlow?: true;
  /** The program, if it is not app.mjs. */
  entry?: string;
}

/** How the bundle starts, and where its report comes from. */
export type Start =
  /** A command, which prints the report. */
  | string
  /** A page with this script, which Chromium opens from OUT. */
  | { script: string }
  /** A command that starts a server and prints its URL. The report is at a path, or a page in Chromium makes it. */
  | { server: string; path?: string };

const DENO = 'DENO run --quiet --no-lock --allow-all --preload=isolated.mjs';
const WORKER_WEB = ['node_modules/plugboard/dist/lib/worker-web.js'];

const NEXT = 'next start --hostname 127.0.0.1 --port 0';
const NOT_NEEDED = { says: 'nothing', why: 'not needed: Node compiles bytes' };
const NO_WORKERS = { says: 'this platform has no workers', why: 'the edge runtime has no workers' };

export const ROWS: readonly Row[] = [
  {
    tool: 'esbuild',
    format: 'esm, for Node',
    build:
      'esbuild ENTRY --bundle --platform=node --target=node20 --format=esm --loader:.wasm=binary --outfile=OUT/app.mjs',
    start: 'NODE OUT/app.mjs',
  },
  {
    tool: 'esbuild',
    format: 'cjs, for Node',
    build:
      'esbuild ENTRY --bundle --platform=node --target=node20 --format=cjs --loader:.wasm=binary --outfile=OUT/app.cjs',
    start: 'NODE OUT/app.cjs',
  },
  {
    tool: 'esbuild',
    format: 'esm, for browsers',
    build: 'esbuild ENTRY --bundle --format=esm --loader:.wasm=binary --outfile=OUT/app.mjs',
    start: `${DENO} OUT/app.mjs`,
    beside: WORKER_WEB,
  },
  {
    tool: 'esbuild',
    format: 'iife, for browsers',
    build:
      'esbuild ENTRY --bundle --format=iife --loader:.wasm=binary --log-override:empty-import-meta=silent --outfile=OUT/app.mjs',
    start: { script: '<script src="app.mjs"></script>' },
    beside: WORKER_WEB,
  },
  {
    tool: 'rollup',
    format: 'esm, for Node',
    build:
      'rollup ENTRY -c node.rollup.mjs -f es -d OUT --entryFileNames app.mjs --chunkFileNames [name].mjs --silent',
    start: 'NODE OUT/app.mjs',
  },
  {
    tool: 'rollup',
    format: 'cjs, for Node',
    build:
      'rollup ENTRY -c node.rollup.mjs -f cjs -d OUT --entryFileNames app.cjs --chunkFileNames [name].cjs --silent',
    start: 'NODE OUT/app.cjs',
  },
  {
    tool: 'rollup',
    format: 'esm, for browsers',
    build:
      'rollup ENTRY -c web.rollup.mjs -f es -d OUT --entryFileNames app.mjs --chunkFileNames [name].mjs --silent',
    start: `${DENO} OUT/app.mjs`,
    beside: WORKER_WEB,
  },
  {
    tool: 'webpack',
    format: 'cjs, for Node',
    build: 'webpack --config node.webpack.mjs --entry ./ENTRY --output-path OUT --output-filename app.cjs',
    start: 'NODE OUT/app.cjs',
  },
  {
    tool: 'webpack',
    format: 'esm, for Node',
    build:
      'webpack --config node.webpack.mjs --entry ./ENTRY --output-path OUT --output-filename app.mjs --output-module --output-chunk-format module',
    start: 'NODE OUT/app.mjs',
  },
  {
    tool: 'webpack',
    format: 'esm, for browsers',
    build:
      'webpack --config web.webpack.mjs --entry ./ENTRY --output-path OUT --output-filename app.mjs --output-module --output-chunk-format module',
    start: `${DENO} OUT/app.mjs`,
  },
  {
    tool: 'Vite',
    format: 'build, for browsers',
    build: 'vite build --config web.vite.mjs --outDir OUT --logLevel error',
    start: `${DENO} OUT/app.js`,
    isSlow: true,
  },
  {
    tool: 'Vite',
    format: 'SSR build',
    build: 'vite build --config node.vite.mjs --ssr ENTRY --outDir OUT --logLevel error',
    start: 'NODE OUT/app.mjs',
    isSlow: true,
  },
  {
    tool: 'Vite',
    format: 'development server, for browsers',
    start: { server: 'NODE dev.vite.mjs' },
    isSlow: true,
  },
  {
    tool: 'Vite',
    format: 'development server, SSR',
    start: 'NODE dev.vite.mjs --ssr',
    isSlow: true,
  },
  {
    tool: 'Next.js',
    format: 'webpack, runtime `nodejs`',
    project: 'next',
    build: 'next build --webpack',
    start: { server: NEXT, path: 'node' },
    cannot: { wasm: NOT_NEEDED },
    isSlow: true,
  },
  {
    tool: 'Next.js',
    format: 'webpack, runtime `edge`',
    project: 'next',
    start: { server: NEXT, path: 'edge' },
    cannot: { worker: NO_WORKERS },
    isSlow: true,
  },
  {
    tool: 'Next.js',
    format: 'Turbopack, runtime `nodejs`',
    project: 'next',
    build: 'next build --turbopack',
    start: { server: NEXT, path: 'node' },
    cannot: { wasm: NOT_NEEDED },
    isSlow: true,
  },
  {
    tool: 'Next.js',
    format: 'Turbopack, runtime `edge`',
    project: 'next',
    start: { server: NEXT, path: 'edge' },
    cannot: { worker: NO_WORKERS },
    isSlow: true,
  },
  {
    tool: 'Parcel',
    format: 'defaults, for browsers',
    entry: 'plain.mjs',
    build: 'parcel build ENTRY --dist-dir OUT --no-cache --no-source-maps --log-level error',
    start: { script: '<script type="module" src="plain.js"></script>' },
    cannot: {
      wasm: {
        says: 'nothing',
        why: 'by default it does not read `exports`, and finds no path below the package; `packageExports` changes that',
      },
    },
    isSlow: true,
  },
  {
    tool: 'Bun',
    format: 'build --compile',
    build: 'BUN build ENTRY --compile --outfile OUT/app',
    start: 'OUT/app',
    isSlow: true,
  },
];
