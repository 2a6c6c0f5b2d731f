/** Row id → names of the suites that prove it: `rowSuites` of suite.ts. */
type Suites = ReadonlyMap<string, ReadonlySet<string>>;

interface Column<Row> {
  /** In `entries`, a column without a head is a paragraph of its own. */
  head: string;
  /** Markdown; on one line in a `table`. In `entries` it may start with a line end, to hold a list, or be left out as ''. */
  cell(row: Row): string;
}

interface TableOf<Row> {
  title: string;
  intro: string;
  /** Set if each row needs a test, declared with `test.row('<prefix>.<id of the row>', …)`. */
  prefix?: string;
  rows: readonly Row[];
  id(row: Row): string;
  /** `table` for short cells; `entries`, a heading and a list for each row, for cells too long for a line. */
  layout: 'table' | 'entries';
  /** Names only the suites that prove all rows. For tables whose rows are all proved by the same ones. */
  isProvedAlike?: true;
  columns: readonly Column<Row>[];
}

/** A table whose rows are already cells, so that tables over different rows fit into one list. */
export interface SpecTable {
  title: string;
  intro: string;
  layout: 'table' | 'entries';
  isProvedAlike: boolean;
  heads: string[];
  rows: { id: string; needsTest: boolean; cells: string[] }[];
}

/** A file of docs/ that is printed from tables. */
export interface Page {
  path: string;
  title: string;
  intro: string;
  tables: readonly SpecTable[];
  /** Sections after the tables. */
  end?: string;
  /** Addresses that cells name, as `[text][label]`. */
  links?: Readonly<Record<string, string>>;
}

export function specTable<Row>(table: TableOf<Row>): SpecTable {
  const { title, intro, prefix, rows, id, layout, isProvedAlike = false, columns } = table;
  return {
    title,
    intro,
    layout,
    isProvedAlike,
    heads: columns.map(column => column.head),
    rows: rows.map(row => ({
      id: prefix === undefined ? id(row) : `${prefix}.${id(row)}`,
      needsTest: prefix !== undefined,
      cells: columns.map(column => column.cell(row)),
    })),
  };
}

/** One line for each row without a test, test without a row, and row id that is used twice. */
export function findRowProblems(pages: readonly Page[], suites: Suites): string[] {
  const rows = pages.flatMap(page => page.tables.flatMap(table => table.rows)).filter(row => row.needsTest);
  const ids = rows.map(row => row.id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  const untested = ids.filter(id => !suites.has(id));
  const unknown = [...suites].filter(([id]) => !ids.includes(id));
  return [
    ...twice.map(id => `two rows have the id ${id}`),
    ...untested.map(id => `no test proves the row ${id}: add test.row('${id}', …) to a suite`),
    ...unknown.map(
      ([id, names]) => `${[...names].join(', ')}: test.row('${id}', …) names no row of any table`,
    ),
  ];
}

export function printPage(
  { path, title, intro, tables, end = '', links = {} }: Page,
  suites: Suites,
): string {
  const folder = path.replace(/[^/]*$/, '');
  const depth = path.split('/').length - 1;
  const parts = [
    '<!-- Printed by `npm run docs`: change the rows in the code, not this page. -->',
    `# ${title}`,
    intro,
    ...tables.flatMap(table => [
      `## ${table.title}`,
      [table.intro, sharedProof(table, suites)].filter(Boolean).join(' '),
      ...(table.layout === 'table' ? printTable(table, suites) : printEntries(table, suites)),
    ]),
    end.trimEnd(),
    Object.entries(links)
      .map(([label, url]) => `[${label}]: ${url}`)
      .join('\n'),
  ];
  return `${parts
    .filter(Boolean)
    .join('\n\n')
    .replaceAll(`](/${folder}`, '](')
    .replaceAll('](/', `](${'../'.repeat(depth)}`)}\n`;
}

function printTable(table: SpecTable, suites: Suites): string[] {
  const line = (cells: readonly string[]) => `|${cells.map(cell => cell.replaceAll('|', '\\|')).join('|')}|`;
  const { heads, rows } = withProof(table, suites);
  return [[line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')];
}

function printEntries(table: SpecTable, suites: Suites): string[] {
  const { heads, rows } = withProof(table, suites);
  return rows.flatMap(cells => {
    const parts = heads
      .map((head, column) => ({ head, cell: cells[column]! }))
      .filter(({ cell }, column) => column > 0 && cell);
    return [
      `### ${cells[0]}`,
      ...parts.filter(({ head }) => head === '').map(({ cell }) => cell),
      parts
        .filter(({ head }) => head !== '')
        .map(({ head, cell }) => `- **${head}**:${cell.startsWith('\n') ? '' : ' '}${cell}`)
        .join('\n'),
    ].filter(Boolean);
  });
}

/** The ways in which one suite runs several times. They are parts of its name, and left out in the pages. */
const MODES =
  /(?: \((?:accessors|reference)[^)]*\)|, (?:accessors|reference) kernel|,? (?:on paths|on folders of the host|of the host|in memory|in a worker|inline|suspending|of a plugin(?: that need not wait)?|without async contexts))+$/;

const suitesOf = (id: string, suites: Suites): string[] => [
  ...new Set([...(suites.get(id) ?? [])].map(name => name.replace(MODES, '')).sort()),
];

/** The suites that prove every row of a table. They stand in its introduction and not in each row. */
function sharedSuites({ rows }: SpecTable, suites: Suites): string[] {
  const tested = rows.filter(row => row.needsTest);
  if (tested.length < 2) return [];
  return suitesOf(tested[0]!.id, suites).filter(name =>
    tested.every(({ id }) => suitesOf(id, suites).includes(name)),
  );
}

/** The text of the proof of each row, without the suites that all rows share. */
function proofOf(table: SpecTable, suites: Suites): { shared: string; usual: string; cells: string[] } {
  const shared = sharedSuites(table, suites);
  const isShort = table.isProvedAlike && shared.length > 0;
  const cells = table.rows.map(({ id }) =>
    suitesOf(id, suites)
      .filter(name => !isShort && !shared.includes(name))
      .join('; '),
  );
  // Named once, if more than half of the rows have it.
  const usual = cells.find(cell => cells.filter(other => other === cell).length * 2 > cells.length) ?? '';
  return { shared: shared.join(' and '), usual, cells: cells.map(cell => (cell === usual ? '' : cell)) };
}

function sharedProof(table: SpecTable, suites: Suites): string {
  const { shared, usual } = proofOf(table, suites);
  return [
    shared && `All rows are proved by ${shared}.`,
    usual && `Rows without a${shared ? 'nother' : ''} suite are ${shared && 'also '}proved by ${usual}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Adds the suites that prove each row as a last column, where rows need tests. */
function withProof(table: SpecTable, suites: Suites): { heads: string[]; rows: string[][] } {
  const { heads, rows } = table;
  const { shared, cells: proof } = proofOf(table, suites);
  if (proof.every(cell => cell === '')) return { heads, rows: rows.map(row => row.cells) };
  return {
    heads: [...heads, shared ? 'Also by' : 'Proved by'],
    rows: rows.map(({ cells }, index) => [...cells, proof[index]!]),
  };
}
