import { FAULT, FS_ERRNOS } from '../wasi/spec/row.ts';
import { type WasiFunction, wasiFunctions } from '../wasi/spec/rows.ts';
import { BAD_FD, BAD_PIECE, NEGATIVE, SHORT, TOO_FAR } from '../wasi/spec/rows-fd.ts';
import { BAD_PATH, PATH_ERRNOS } from '../wasi/spec/rows-path.ts';
import {
  meanings,
  sharedParams,
  sharedParamsTable,
  signature,
  withoutShared,
} from './helpers/signature-text.ts';
import { type Page, specTable } from './helpers/spec-table.ts';

/** Texts of several rows, which the page has once, under a name. */
const RULES: readonly { name: string; text: string }[] = [
  { name: 'path', text: BAD_PATH },
  { name: 'too far', text: TOO_FAR },
  { name: 'piece', text: BAD_PIECE },
  { name: 'pieces', text: SHORT },
  { name: 'pointer', text: FAULT },
  { name: 'descriptor', text: BAD_FD },
  { name: 'negative', text: NEGATIVE },
];

const ERRNO_GROUPS: readonly { name: string; errnos: readonly string[] }[] = [
  { name: 'path', errnos: PATH_ERRNOS },
  { name: 'file system', errnos: FS_ERRNOS },
];

/** The errnos of a row, groups by their names. ESUCCESS is left out: every function with an errno may return it. */
function errnosOf({ errnos }: WasiFunction): string {
  let left: readonly string[] = errnos;
  const names: string[] = [];
  for (const { name, errnos: group } of ERRNO_GROUPS) {
    if (!group.every(errno => left.includes(errno))) continue;
    names.push(`*${name}*`);
    left = left.filter(errno => !group.includes(errno));
  }
  return [...names, ...left.filter(errno => errno !== 'ESUCCESS')].join(', ');
}

const withRules = (text: string): string =>
  RULES.reduce((short, rule) => short.replace(rule.text, `*${rule.name}*`), text);

const paramsOf = (row: WasiFunction) => row.params.map(([name, type, meaning]) => ({ name, type, meaning }));
const SHARED_PARAMS = sharedParams(wasiFunctions.map(paramsOf), 2);

interface Guarantee {
  where: string;
  folder: string;
  race: string;
}

const guarantees: readonly Guarantee[] = [
  {
    where: 'In memory',
    folder: 'the folder itself',
    race: 'none: no other code runs between the check and the use',
  },
  {
    where: 'Node, Deno and Bun on Linux and macOS',
    folder: 'as a path; before every use its device and inode are compared with those of the folder',
    race: 'another process that may write there can replace a folder by a link between check and use; a link as the last component of the path is not followed by the system either',
  },
  {
    where: 'Node, Deno and Bun on Windows',
    folder: 'as on Linux; names with a backslash or a colon, and names of devices, are refused',
    race: 'as on Linux, and the last component can be replaced too',
  },
  {
    where: 'workerd and browsers',
    folder: 'files in memory only',
    race: 'none',
  },
];

export const wasiPage: Page = {
  path: 'docs/WASI.md',
  title: 'WASI preview 1',
  intro:
    'The functions of `wasi_snapshot_preview1`, as [wasi/](/wasi/) implements them. Numbers are unsigned, pointers are ' +
    'offsets into the memory that the program exports, and every function except `proc_exit` returns an errno.',
  tables: [
    specTable<(typeof RULES)[number]>({
      title: 'Rules for bad input',
      intro: 'Texts that several functions share. A function names those that hold for it, and adds its own.',
      rows: RULES,
      id: row => row.name,
      layout: 'table',
      columns: [
        { head: 'Rule', cell: row => `*${row.name}*` },
        { head: 'Bad input and its errno', cell: row => row.text },
      ],
    }),
    specTable<(typeof ERRNO_GROUPS)[number]>({
      title: 'Groups of errnos',
      intro: 'Every function may return ESUCCESS too.',
      rows: ERRNO_GROUPS,
      id: row => row.name,
      layout: 'table',
      columns: [
        { head: 'Group', cell: row => `*${row.name}*` },
        { head: 'Errnos', cell: row => row.errnos.filter(errno => errno !== 'ESUCCESS').join(', ') },
      ],
    }),
    sharedParamsTable(SHARED_PARAMS),
    specTable<WasiFunction>({
      title: 'Functions',
      intro:
        'A program gets clocks, random bytes and captured stdio. It gets arguments, environment and folders only if options give them. ' +
        'Each name links to the specification.',
      prefix: 'wasi',
      rows: wasiFunctions,
      id: row => row.name,
      layout: 'entries',
      columns: [
        { head: 'Function', cell: row => `[${row.name}](${row.spec})` },
        {
          head: '',
          cell: row => {
            const own = meanings(withoutShared(paramsOf(row), SHARED_PARAMS));
            return `${signature(paramsOf(row), [])}: ${row.summary}. ${own}`.trim();
          },
        },
        { head: 'Errnos', cell: errnosOf },
        { head: 'Bad input', cell: row => withRules(row.onBadInput) },
      ],
    }),
    specTable<Guarantee>({
      title: 'How a program is kept in its folders',
      intro:
        'Every path is resolved below an open folder, name by name. Absolute paths, `..` above that folder and links that lead ' +
        'to either are EPERM on every file system. The table says whether a race between the check of a name and its use is possible.',
      rows: guarantees,
      id: row => row.where,
      layout: 'table',
      columns: [
        { head: 'Files', cell: row => row.where },
        { head: 'How an open folder is kept', cell: row => row.folder },
        { head: 'Effect of a race', cell: row => row.race },
      ],
    }),
  ],
};
