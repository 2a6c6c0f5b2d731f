import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeProgram, type Program } from './programs.ts';
import { TOOLCHAINS, type Toolchain } from './toolchains.ts';

/** A fenced block of a page. */
export interface Block {
  chapter: string;
  /** The words after the fence: `js`, `sh` and others. */
  info: string;
  code: string;
  /** The path in a line "File `path`:" right above the block. */
  file: string | undefined;
  /** The block marked `text` right below it: the output. */
  prints: string | undefined;
}

export interface PageText {
  /** Path from the root of the repository. */
  path: string;
  text: string;
}

const FENCED = /(?:^.*\bFile `([^`]+)`:\n\n)?^```(.*)\n([\s\S]*?)^```$(?:\n\n```text\n([\s\S]*?)^```$)?/gm;

export const readBlocks = (text: string): Block[] =>
  text.split(/^## /m).flatMap((part, index) => {
    const chapter = index === 0 ? '' : part.split('\n', 1)[0]!;
    return [...part.matchAll(FENCED)].map(([, file, info, code, prints]) => ({
      chapter,
      info: info!,
      code: code!,
      file,
      prints,
    }));
  });

/** All pages that a user may read, in the order of their paths. */
export function readPages(root: string): PageText[] {
  const docs = readdirSync(join(root, 'docs')).map(name => `docs/${name}`);
  return ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'fixtures/README.md', ...docs]
    .filter(path => path.endsWith('.md') && existsSync(join(root, path)))
    .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** Blocks that cannot run here, each with its reason. A row whose block is gone is reported. */
const IN_A_CLONE = 'needs a clone of the repository; .ci/run runs it there';
const CANNOT_RUN: readonly { page: string; contains: string; reason: string }[] = [
  { page: 'README.md', contains: 'npm ci && npm run demo', reason: IN_A_CLONE },
  { page: 'README.md', contains: 'npm test', reason: IN_A_CLONE },
  { page: 'docs/CONTRIBUTING.md', contains: 'npm run test:quick', reason: IN_A_CLONE },
  {
    page: 'docs/EDGE.md',
    contains: 'npx wrangler dev',
    reason:
      'serves until it is stopped, and wrangler asks its maker for updates; the suites run on workerd itself',
  },
  {
    page: 'docs/NETWORKS.md',
    contains: 'curl -d',
    reason: '`npm run test:durable` sends these requests to workerd, with the folder of the command',
  },
  {
    page: 'docs/EDGE.md',
    contains: 'durableNetwork',
    reason: 'a part of examples/durable-object, which `npm run test:runtimes` serves',
  },
  {
    page: 'docs/EDGE.md',
    contains: 'loadPlugin',
    reason: 'a Worker with a loader, which `npm run test:loader` serves on workerd',
  },
  {
    page: 'docs/EDGE.md',
    contains: "from './vowels.wasm?module'",
    reason: 'needs an application of Next.js',
  },
  {
    page: 'docs/NETWORKS.md',
    contains: '--page < visits.jsonl',
    reason:
      'runs until Ctrl-C; test/cli/run-graph.test.ts runs it, test/runtime/network-page.ts opens the page',
  },
  {
    page: 'docs/NETWORKS.md',
    contains: '@nats-io/transport-node',
    reason: '`npm run test:nats` runs such workers on a nats-server',
  },
  {
    page: 'docs/NETWORKS.md',
    contains: 'plugboard net status',
    reason: '`npm run test:nats` runs these commands on a nats-server',
  },
  {
    page: 'docs/TYPES.md',
    contains: "from 'vite'",
    reason: '`npm run test:vite` builds, serves and types with Vite itself',
  },
  {
    page: 'fixtures/README.md',
    contains: 'npm run fixtures',
    reason: 'needs Debian and minutes, for the compilers of eight languages',
  },
];

/** Blocks that show data. Everything else is code, and runs or has a reason why not. */
const SHOWN = ['text', 'json', 'toml', 'wat'];

/** A block, and whether and how it runs. */
export type Part = Block & {
  use: 'shell' | 'program' | 'file' | 'shown' | 'left out';
  reason?: string;
  env: Toolchain;
};

/** Decides how a block is used where its toolchain is at hand. @throws {Error} for code that would not run and has no reason */
export function useOf(page: string, block: Block): Pick<Part, 'use' | 'reason'> {
  const row = CANNOT_RUN.find(row => row.page === page && block.code.includes(row.contains));
  if (row) return { use: 'left out', reason: row.reason };
  if (block.info === 'sh') return { use: 'shell' };
  if (block.file !== undefined) return { use: 'file' };
  if (block.info === 'js') return { use: 'program' };
  if (SHOWN.includes(block.info)) return { use: 'shown' };
  throw new Error(`${page}: a block marked "${block.info}" neither runs nor has a reason: ${block.code}`);
}

/** Sorts the blocks of a page. */
export function planPage({ path, text }: PageText): Part[] {
  const chapters = new Map<string, Toolchain | string>();
  return readBlocks(text).map(block => {
    const { chapter } = block;
    const env = chapters.get(chapter) ?? TOOLCHAINS[`${path}#${chapter}`]?.() ?? {};
    chapters.set(chapter, env);
    if (typeof env === 'string') return { ...block, use: 'left out', reason: env, env: {} };
    return { ...block, ...useOf(path, block), env };
  });
}

/** The programs in the docstrings of exports, under the tag `@example`. */
export const readExamples = (root: string): Program[] =>
  ['abi', 'wasi', 'src']
    .flatMap(folder =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)),
    )
    .filter(name => name.endsWith('.ts'))
    .sort()
    .flatMap(name => {
      const text = readFileSync(join(root, name), 'utf8');
      return [...text.matchAll(/^ *\* @example\n *\* ```js\n([\s\S]*?)^ *\* ```$/gm)].map(([, code], index) =>
        makeProgram(`example-${name.replace(/\W+/g, '-')}-${index + 1}.mjs`, code!.replace(/^ *\* ?/gm, '')),
      );
    });

/** The rows above that match no block of any page. */
export const findStaleRows = (pages: readonly PageText[]): string[] =>
  CANNOT_RUN.filter(
    ({ page, contains }) =>
      !pages.some(
        ({ path, text }) => path === page && readBlocks(text).some(({ code }) => code.includes(contains)),
      ),
  ).map(({ page, contains }) => `${page}: no block contains ${JSON.stringify(contains)}`);

/** The JavaScript of a page, as programs that can run alone on any runtime. */
export const programsOf = (page: PageText): Program[] =>
  planPage(page)
    .filter(({ info, use }) => info === 'js' && use !== 'left out')
    .map(({ code, file }, index) => makeProgram(file ?? `page-${index + 1}.mjs`, code));
