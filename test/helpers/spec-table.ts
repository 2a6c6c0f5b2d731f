/** Row id → names of the suites that prove it: `rowSuites` of suite.ts. */
type Suites = ReadonlyMap<string, ReadonlySet<string>>;

interface Column<Row> {
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
  columns: readonly Column<Row>[];
}

/** A table whose rows are already cells, so that tables over different rows fit into one list. */
export interface SpecTable {
  title: string;
  intro: string;
  layout: 'table' | 'entries';
  heads: string[];
  rows: { id: string; needsTest: boolean; cells: string[] }[];
}

/** A file of docs/ that is printed from tables. */
export interface Page {
  path: string;
  title: string;
  intro: string;
  tables: readonly SpecTable[];
}

export function specTable<Row>(table: TableOf<Row>): SpecTable {
  const { title, intro, prefix, rows, id, layout, columns } = table;
  return {
    title,
    intro,
    layout,
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

export function printPage({ path, title, intro, tables }: Page, suites: Suites): string {
  const depth = path.split('/').length - 1;
  const parts = [
    '<!-- Printed by `npm run docs`: change the rows in the code, not this page. -->',
    `# ${title}`,
    intro,
    ...tables.flatMap(table => [
      `## ${table.title}`,
      table.intro,
      ...(table.layout === 'table' ? printTable(table, suites) : printEntries(table, suites)),
    ]),
  ];
  return `${parts
    .filter(Boolean)
    .join('\n\n')
    .replaceAll('](/', `](${'../'.repeat(depth)}`)}\n`;
}

function printTable(table: SpecTable, suites: Suites): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|') || ' ').join(' | ')} |`;
  const { heads, rows } = withProof(table, suites);
  return [[line(heads), `|${heads.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n')];
}

function printEntries(table: SpecTable, suites: Suites): string[] {
  const { heads, rows } = withProof(table, suites);
  return rows.flatMap(cells => [
    `### ${cells[0]}`,
    heads
      .map((head, column) => ({ head, cell: cells[column]! }))
      .filter(({ cell }, column) => column > 0 && cell)
      .map(({ head, cell }) => `- **${head}**:${cell.startsWith('\n') ? '' : ' '}${cell}`)
      .join('\n'),
  ]);
}

/** Adds the suites that prove each row as a last column, where rows need tests. */
function withProof({ heads, rows }: SpecTable, suites: Suites): { heads: string[]; rows: string[][] } {
  if (!rows.some(row => row.needsTest)) return { heads, rows: rows.map(row => row.cells) };
  return {
    heads: [...heads, 'Proved by'],
    rows: rows.map(({ id, cells }) => [...cells, [...(suites.get(id) ?? [])].sort().join('; ')]),
  };
}
