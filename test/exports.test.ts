import { equal, is, match } from './helpers/assert.ts';
import { host, readJson, readText } from './helpers/host.ts';
import { scan } from './helpers/scan-source.ts';
import { suite } from './helpers/suite.ts';

/** The value of `exports` in package.json: a file for each import path, or one for each condition. */
type Target = string | { readonly [condition: string]: Target };
type ExportsMap = Record<string, Target>;

interface Package {
  name: string;
  exports: ExportsMap;
  bin: Record<string, string>;
  /** Packages that users install beside this one. The code that imports them says so when they are missing. */
  peerDependencies?: Record<string, string>;
}

/** The text of a file of the package, undefined when there is none. */
type Read = (path: string) => string | undefined;

/** Read by tools; users do not import it, so no page needs to name it. */
const undocumented = ['./package.json'];

/**
 * Returns one line for each missing target of the map, for each import path that `pages` does not name, and for each
 * import, reached from a `default` target, of something else than the package's own files.
 */
function findProblems(
  { name, exports, bin, peerDependencies = {} }: Package,
  read: Read,
  pages: string,
): string[] {
  const missing = (key: string, file: string) =>
    read(file) === undefined ? [`${key}: there is no ${file}`] : [];
  const problems = Object.entries(bin).flatMap(([command, file]) => missing(`bin["${command}"]`, file));
  for (const [path, target] of Object.entries(exports)) {
    const key = `exports["${path}"]`;
    const visit = (where: string, found: Target, isWeb: boolean) => {
      if (typeof found === 'string') {
        problems.push(...missing(where, found.replace('*', '')));
        if (isWeb && found.endsWith('.js'))
          problems.push(...findForeignImports(found, read, Object.keys(peerDependencies)));
        return;
      }
      const conditions = Object.keys(found);
      // The first condition that matches is taken: nothing after `default`, and no types after JavaScript.
      if (conditions.at(-1) !== 'default' || conditions.indexOf('types') > 0) {
        problems.push(
          `${where}: ${conditions.join(', ')}; expected types first, where there are any, and default last`,
        );
      }
      // Bundlers for the web would find a CommonJS copy of the classes beside the ES modules.
      if (
        conditions.indexOf('require') >= 0 &&
        conditions.indexOf('require') < conditions.indexOf('module')
      ) {
        problems.push(`${where}: ${conditions.join(', ')}; expected module before require`);
      }
      for (const [condition, inner] of Object.entries(found)) {
        visit(`${where}.${condition}`, inner, isWeb && condition !== 'node');
      }
    };
    visit(key, typeof target === 'string' ? { default: target } : target, true);
    if (!undocumented.includes(path) && !names(pages, name + path.slice(1).replace('*', ''))) {
      problems.push(`${key}: neither README.md nor a page of docs/ names \`${name + path.slice(1)}\``);
    }
  }
  return problems;
}

const names = (pages: string, imported: string) =>
  ["'", '"', '`'].some(quote => pages.includes(quote + imported + quote));

/** Each import that leaves the package's own files, with the way to it from `entry`. */
function findForeignImports(entry: string, read: Read, peers: readonly string[]): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  const visit = (file: string, way: readonly string[]) => {
    if (seen.has(file)) return;
    seen.add(file);
    const here = [...way, file];
    for (const specifier of scan(read(file) ?? '').imports) {
      if (specifier.startsWith('.')) visit(resolve(file, specifier), here);
      else if (!peers.includes(specifier))
        problems.push(`${here.join(' → ')} imports '${specifier}', which not every runtime has`);
    }
  };
  visit(entry, []);
  return problems;
}

function resolve(importer: string, specifier: string): string {
  const base = 'http://package/';
  return `./${new URL(specifier, base + importer).href.slice(base.length)}`;
}

const files: Record<string, string> = {
  './dist/web.js': "import './core.js'; export * from './core.js';",
  './dist/node.js': "import 'node:fs'; export * from './web.js';",
  './dist/core.js': "const late = () => import('./late.js');",
  './dist/late.js': '',
  './dist/node.d.ts': '',
  './dist/main.js': "import 'node:fs';",
};
const sample: Package = {
  name: 'sample',
  exports: { '.': { types: './dist/node.d.ts', node: './dist/node.js', default: './dist/web.js' } },
  bin: { sample: './dist/main.js' },
};

const wrong: {
  name: string;
  exports?: ExportsMap;
  bin?: Record<string, string>;
  files?: Record<string, string>;
  pages?: string;
  problem: string;
}[] = [
  {
    name: 'a missing target',
    exports: { '.': { types: './dist/web.d.ts', default: './dist/web.js' } },
    problem: 'exports["."].types: there is no ./dist/web.d.ts',
  },
  {
    name: 'a missing file',
    exports: { './abi.wasm': './dist/abi.wasm' },
    pages: '`sample/abi.wasm`',
    problem: 'exports["./abi.wasm"].default: there is no ./dist/abi.wasm',
  },
  {
    name: 'a missing command',
    bin: { sample: './dist/cli.js' },
    problem: 'bin["sample"]: there is no ./dist/cli.js',
  },
  {
    name: 'conditions without default',
    exports: { '.': { types: './dist/node.d.ts', node: './dist/node.js' } },
    problem: 'exports["."]: types, node; expected types first, where there are any, and default last',
  },
  {
    name: 'types after JavaScript',
    exports: { '.': { node: './dist/node.js', types: './dist/node.d.ts', default: './dist/web.js' } },
    problem:
      'exports["."]: node, types, default; expected types first, where there are any, and default last',
  },
  {
    name: 'CommonJS before ES modules',
    exports: { '.': { require: './dist/core.js', module: './dist/web.js', default: './dist/web.js' } },
    problem: 'exports["."]: require, module, default; expected module before require',
  },
  {
    name: 'a missing file below a condition',
    exports: { '.': { node: { types: './dist/node.d.ts', default: './lost.js' }, default: './dist/web.js' } },
    problem: 'exports["."].node.default: there is no ./lost.js',
  },
  {
    name: 'a path that no page names, although one names a path below it',
    exports: { './abi': './dist/web.js' },
    pages: 'Import `sample/abi/accessors.wasm`.',
    problem: 'exports["./abi"]: neither README.md nor a page of docs/ names `sample/abi`',
  },
  {
    name: 'a built-in module of Node behind default',
    files: { './dist/core.js': "export { readFile } from 'node:fs/promises';" },
    problem: "./dist/web.js → ./dist/core.js imports 'node:fs/promises', which not every runtime has",
  },
  {
    name: 'a built-in module of Node behind default, imported late',
    files: { './dist/late.js': "await import('node:fs');" },
    problem: "./dist/web.js → ./dist/core.js → ./dist/late.js imports 'node:fs', which not every runtime has",
  },
  {
    name: 'a package behind default',
    files: { './dist/web.js': "import 'msgpackr';" },
    problem: "./dist/web.js imports 'msgpackr', which not every runtime has",
  },
];

suite('exports', test => {
  const page = "import { createPlugin } from 'sample';";

  for (const { name, problem, pages = page, files: changed, ...parts } of wrong) {
    test(`refuses ${name}`, () => {
      const all = { ...files, ...changed };
      equal(
        findProblems({ ...sample, ...parts }, path => all[path], pages),
        [problem],
      );
    });
  }

  test('accepts a map whose files exist, are named by a page and use only web standards', () => {
    equal(
      findProblems(sample, path => files[path], page),
      [],
    );
  });

  test('of this package', () => {
    const read: Read = path => {
      try {
        return readText(path.replace('./', ''));
      } catch {
        return undefined;
      }
    };
    const pages = host()
      .list('docs/')
      .filter(name => name.endsWith('.md'))
      .map(name => readText(`docs/${name}`));
    const manifest = readJson('package.json') as Package;
    match(Object.keys(manifest.exports).join(), /^\.,/);
    is(findProblems(manifest, read, [readText('README.md'), ...pages].join('\n')).join('\n'), '');
  });
});

/**
 * Links that package.json leaves out, because nobody knows them yet, with the parts that need them. docs/PACKAGE.md lists them. A
 * release adds `repository` first.
 */
const UNKNOWN_LINKS: Readonly<Record<string, readonly string[]>> = {
  repository: ['`npm publish --provenance`', 'links of README.md out of the package'],
  homepage: ["the package's page on npm"],
  bugs: ["the package's page on npm", '`npm bugs`'],
};
/** Links of README.md to files that are not in the package: npm leads them to `repository`. */
const OUT_OF_PACKAGE = ['SECURITY.md', 'fixtures', 'test/bench/results'];

suite('links of package.json', test => {
  const manifest = readJson('package.json') as Record<string, unknown> & { files: string[] };

  for (const [key, needs] of Object.entries(UNKNOWN_LINKS)) {
    test(`${key} is left out, and docs/PACKAGE.md names the parts that need it`, () => {
      is(
        Object.hasOwn(manifest, key),
        false,
        `${key} is known now: remove its row here and in docs/PACKAGE.md`,
      );
      const row = `| \`${key}\` | ${needs.join(', ')} |`;
      is(readText('docs/PACKAGE.md').includes(row), true, `expected the row ${row}`);
    });
  }

  test('README.md links to these files alone outside the package', () => {
    const targets = [...readText('README.md').matchAll(/\]\(([^):#]+)(?:#[^)]*)?\)/g)].map(
      ([, path]) => path!,
    );
    const packed = [...manifest.files, 'README.md', 'LICENSE'];
    const outside = targets.filter(
      path => !packed.some(inside => path === inside || path.startsWith(`${inside}/`)),
    );
    equal([...new Set(outside)].sort(), OUT_OF_PACKAGE);
  });

  test('the release asks for a provenance, so that it fails until the repository is known', () => {
    match(readText('.github/workflows/release.yml'), /npm publish --provenance/);
  });
});
