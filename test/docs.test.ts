import { equal, is, match, ok } from './helpers/assert.ts';
import { filesBelow } from './helpers/files.ts';
import { host, readText } from './helpers/host.ts';
import { findRowProblems, type Page, printPage, specTable } from './helpers/spec-table.ts';
import { rowSuites, suite } from './helpers/suite.ts';
import { readBlocks } from './package/pages.ts';
import { pages } from './spec-tables.ts';

const alloc = { name: 'alloc', takes: 'length: i64', note: '' };
const free = { name: 'free', takes: 'handle: i64', note: 'a|b' };
const sample = (rows: readonly (typeof alloc)[], layout: 'table' | 'entries' = 'table'): Page => ({
  path: 'docs/SAMPLE.md',
  title: 'Sample',
  intro: 'See [the house](/src/).',
  tables: [
    specTable({
      title: 'Functions',
      intro: 'Two of them.',
      prefix: 'env',
      rows,
      id: row => row.name,
      layout,
      columns: [
        { head: 'Name', cell: row => `\`${row.name}\`` },
        { head: 'Takes', cell: row => row.takes },
        { head: 'Note', cell: row => row.note },
      ],
    }),
  ],
});
const suites = (...ids: string[]) => new Map(ids.map(id => [id, new Set(['memory', 'kernel'])]));

suite('spec tables', test => {
  test('report a row without a test', () => {
    equal(findRowProblems([sample([alloc, free])], suites('env.alloc')), [
      "no test proves the row env.free: add test.row('env.free', …) to a suite",
    ]);
  });

  test('report a test of an unknown row', () => {
    equal(findRowProblems([sample([alloc])], suites('env.alloc', 'env.realloc')), [
      "memory, kernel: test.row('env.realloc', …) names no row of any table",
    ]);
  });

  test('report an id that two rows share', () => {
    equal(findRowProblems([sample([alloc, alloc])], suites('env.alloc')), ['two rows have the id env.alloc']);
  });

  test('print a table with the suites that prove each row, each suite once for all modes', () => {
    const proof = new Map([
      [
        'env.alloc',
        new Set(['memory (reference)', 'memory (accessors, shared memory)', 'kernel in a worker']),
      ],
      ['env.free', new Set(['memory'])],
    ]);
    const lines = printPage(sample([alloc, free]), proof).split('\n');
    equal(lines.slice(2), [
      '# Sample',
      '',
      'See [the house](../src/).',
      '',
      '## Functions',
      '',
      'Two of them. All rows are proved by memory.',
      '',
      '|Name|Takes|Note|Also by|',
      '|---|---|---|---|',
      '|`alloc`|length: i64||kernel|',
      '|`free`|handle: i64|a\\|b||',
      '',
    ]);
  });

  test('print entries without their empty cells', () => {
    match(
      printPage(sample([alloc], 'entries'), suites('env.alloc')),
      /\nTwo of them. Rows without a suite are proved by kernel; memory.\n\n### `alloc`\n\n- \*\*Takes\*\*: length: i64\n$/,
    );
  });

  test('report a stale page by its first wrong line', () => {
    is(firstDifference('a\nb\n', 'a\nb\n'), undefined);
    is(firstDifference('a\nb\n', 'a\nc\n'), 'line 2 is "b", npm run docs prints "c"');
    is(firstDifference('a', 'a\nc'), 'line 2 is "undefined", npm run docs prints "c"');
  });

  // With a filter, suites are missing, and it is unknown which rows they would prove.
  const filter = globalThis.process?.argv.slice(2).find(arg => !arg.startsWith('--'));
  if (filter) {
    test.skip('the tables of this repository', `only the suites of '${filter}' are loaded`);
    return;
  }
  test('of this repository are proved row by row', () =>
    is(findRowProblems(pages, rowSuites).join('\n'), ''));
  for (const page of pages) {
    test(`${page.path} names only files and headings that are there`, () => {
      const cells = page.tables.flatMap(({ intro, rows }) => [intro, ...rows.flatMap(row => row.cells)]);
      const paths = [page.intro, ...cells].join('\n').matchAll(/\]\(\/([^)]*)\)/g);
      equal(
        [...paths].map(([, path]) => path!).filter(path => !isThere(path)),
        [],
      );
    });
    if (typeof host().readBytes !== 'function') {
      test.skip(`${page.path} is fresh`, 'this runtime has no file system to read the page from');
    } else {
      test(`${page.path} equals the output of npm run docs`, () => {
        is(
          firstDifference(readText(page.path), printPage(page, rowSuites)),
          undefined,
          'stale: run npm run docs',
        );
      });
    }
  }
});

suite('docs/OPTIONS.md', test => {
  test('says the effect of every option, of functions and commands', () => {
    const page = pages.find(({ path }) => path === 'docs/OPTIONS.md')!;
    const rows = page.tables.flatMap(({ title, heads, rows }) =>
      rows.map(({ id, cells }) => ({ option: `${title} ${id}`, effect: cells[heads.indexOf('Effect')] })),
    );
    equal(
      rows.filter(({ effect }) => !effect).map(({ option }) => option),
      [],
    );
    for (const option of [
      'createPlugin(manifest, options) strict',
      'plugboard call loop',
      'plugboard inspect json',
    ])
      is(rows.filter(row => row.option === option).length, 1, option);
  });
});

suite('pointers to docs/RATIONALE.md', test => {
  const POINTER = /RATIONALE(?:: |\.md#)([a-z][\w-]*)/g;
  const pointers = ['abi/', 'src/', 'wasi/', 'test/']
    .flatMap(filesBelow)
    .flatMap(file =>
      [...readText(file).matchAll(POINTER)].map(([, heading]) => ({ file, heading: heading! })),
    );

  test('each pointer in the code leads to a heading', () => {
    const headings = headingsOf('docs/RATIONALE.md');
    // The helper that reads a heading out of a pointer, and the page that explains pointers, name none.
    equal(
      pointers.filter(({ heading }) => !headings.includes(heading) && heading !== 'the-heading'),
      [],
    );
    ok(pointers.length > 30, `${pointers.length} pointers`);
  });
});

suite('links of the pages', test => {
  const paths = ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'fixtures/README.md'].concat(
    host()
      .list('docs/')
      .filter(name => name.endsWith('.md'))
      .map(name => `docs/${name}`),
  );
  for (const page of paths) {
    test(`${page} links only to files, headings and labels that exist`, () => {
      const text = readText(page).replace(/^```[\s\S]*?^```$|`[^`\n]*`/gm, '');
      const links = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) =>
        new URL(link!.replace(/^#/, `${page.replace(/.*\//, '')}#`), `http://x/${page}`).href.slice(
          'http://x/'.length,
        ),
      );
      const labels = [...text.matchAll(/\]\[(\w+)\]/g)].map(([, label]) => label!);
      equal(
        [...new Set(links)].filter(link => !isThere(decodeURIComponent(link)) && !isThere(`${link}/`)),
        [],
      );
      equal(
        [...new Set(labels)].filter(label => !text.includes(`\n[${label}]: http`)),
        [],
      );
    });
  }
});

/** Whether the linked file, folder (its path ends with a slash) or heading (after `#`) exists. */
function isThere(link: string): boolean {
  const [path = '', heading] = link.split('#');
  const [, folder, name] = /^(.*?)([^/]+\/?)$/.exec(path)!;
  const names = host().list(folder || '.');
  return names.includes(name!) && (heading === undefined || headingsOf(path).includes(heading));
}

/** The headings of a page as links spell them: lower case, without punctuation, hyphens for spaces. */
const headingsOf = (path: string): string[] =>
  [...readText(path).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Reports only the first line that differs: a diff of two whole pages would be pages long. */
function firstDifference(page: string, printed: string): string | undefined {
  const [left, right] = [page.split('\n'), printed.split('\n')];
  const line = Array.from({ length: Math.max(left.length, right.length) }).findIndex(
    (_, at) => left[at] !== right[at],
  );
  return line < 0 ? undefined : `line ${line + 1} is "${left[line]}", npm run docs prints "${right[line]}"`;
}

suite('docs/PLUGINS.md: blocks for one shell', test => {
  const guide = readText('docs/PLUGINS.md');
  const blocks = readBlocks(guide).filter(({ info }) => info === 'sh');

  test('all code stands in blocks for the shell, and their output in blocks of text', () => {
    const kinds = [...guide.matchAll(/^```(\w+)$/gm)].map(([, kind]) => kind);
    equal(
      kinds.filter(kind => kind !== 'sh' && kind !== 'text'),
      [],
    );
    is(blocks.length, kinds.filter(kind => kind === 'sh').length);
    is(blocks.filter(({ prints }) => prints).length, kinds.filter(kind => kind === 'text').length);
  });

  test('a block leaves the shell in its folder, with its options', () => {
    const changing = /^\s*(cd|pushd|exit|exec|set|export)\b/m;
    equal(
      blocks.filter(({ code }) => changing.test(withoutFiles(code))),
      [],
    );
  });

  test('a file is written into a folder that its block makes', () => {
    for (const { code } of blocks) {
      for (const [, folder] of withoutFiles(code).matchAll(/^cat > (\S+)\//gm))
        match(code, new RegExp(`^mkdir -p ${folder}$`, 'm'));
    }
  });
});

/** The commands of a block, without the contents of the files that it writes. */
const withoutFiles = (script: string) => script.replace(/<<'EOF'\n[\s\S]*?^EOF$/gm, '');
