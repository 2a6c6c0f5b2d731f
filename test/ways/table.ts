/** A function that was entered; its name is empty if it has none. */
export interface Entered {
  file: string;
  name: string;
}

export const WAYS = ['call, inline', 'call, suspending', 'call, in a worker', 'manifest', 'packet'] as const;
export type WayName = (typeof WAYS)[number];
export type Ways = Readonly<Partial<Record<WayName, readonly Entered[]>>>;

type Counts = readonly [files: number, functions: number];

/** The counts of commit 05d903c, before `src/` was divided into rooms. */
const BEFORE: Readonly<Record<WayName, Counts>> = {
  'call, inline': [13, 44],
  'call, suspending': [16, 66],
  'call, in a worker': [21, 107],
  manifest: [36, 159],
  packet: [30, 144],
};

const countsOf = (entered: readonly Entered[]): Counts => [
  new Set(entered.map(({ file }) => file)).size,
  entered.length,
];

/** The table of docs/ARCHITECTURE.md, one line of Markdown for each way. */
export function printTable(ways: Ways): string[] {
  const rows = WAYS.map(name => [name, ...countsOf(ways[name] ?? []), ...BEFORE[name]]);
  return [
    '| way | files | functions | files before | functions before |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...rows.map(cells => `| ${cells.join(' | ')} |`),
  ];
}

/** For each way, its files with the functions that were entered. */
export const printLists = (ways: Ways): string[] =>
  Object.entries(ways).flatMap(([name, entered]) => {
    const byFile = new Map<string, string[]>();
    for (const { file, name } of entered)
      byFile.set(file, [...(byFile.get(file) ?? []), name || '(no name)']);
    return ['', name, ...[...byFile].sort().map(([file, names]) => `  ${file} → ${names.join(', ')}`)];
  });

const TABLE = /(?<=^<!-- Counted by `npm run ways`. -->\n\n)(\|.*\n)+/m;

/** The lines of the table in the page. */
export const tableOf = (page: string): string[] => TABLE.exec(page)?.[0].trimEnd().split('\n') ?? [];

export const replaceTable = (page: string, lines: readonly string[]): string =>
  page.replace(TABLE, lines.map(line => `${line}\n`).join(''));

/** Each `[file](../path) → \`name\`, \`name\`` of the page, as path and names. */
export const namedFunctions = (page: string): { path: string; names: string[] }[] =>
  [...page.matchAll(/\]\(\.\.\/([^)]*\.ts)\) → ((?:`[^`]+`(?:, )?)+)/g)].map(([, path, names]) => ({
    path: path!,
    names: [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  }));
