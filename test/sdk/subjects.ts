import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case, CaseFile } from '../../src/conformance/case.ts';
import { readCaseFile, readIndex, readSourceFile } from '../helpers/cases.ts';
import { readJson } from '../helpers/host.ts';
import { type Compiled, compileGo, compileRust, NO_GO } from './compile.ts';

/** One row of the table. */
export interface Subject {
  source: string;
  sdk: string;
  compile(): Compiled;
  file: CaseFile;
}

/**
 * The sources in Reflow's documentation, and the SHA-256 of each there. The page that they are from has lost its line ends
 * and its indentation, so each run of white space counts as one space.
 */
const SEED = [
  {
    folder: 'rust-double',
    file: 'src/lib.rs',
    sha256: '13e3ff0d6d0d07c6d846692b6e41a9309e869303277e6ae43b7441a1ee5f7f5f',
  },
  {
    folder: 'rust-counter',
    file: 'src/lib.rs',
    sha256: '9bab6c6071e605f69c6fc3b1f0b5057283a97fda4ed7475fdad423b97044dddd',
  },
  {
    folder: 'go-counter',
    file: 'main.go',
    sha256: '907892e18e31872ee7e521795a66f412412da7ed77872735d724539a8dfa342e',
  },
];

/** Plugins of `fixtures/` that are made of a file of SEED, besides the file's own folder. */
const MADE_OF: Record<string, string> = { 'tinygo-counter': 'go-counter' };

/** `npm run fixtures -- --check` compiles it again. */
const committed = (folder: string): Compiled => ({
  how: 'committed',
  wasm: readFileSync(`fixtures/${folder}/${readCaseFile(folder).wasm}`),
});

/** The cases that give packets to an actor. The others call exports. */
function actorCases(folder: string): CaseFile {
  const file = readCaseFile(folder);
  return { ...file, cases: file.cases.filter(given => given.process !== undefined) };
}

function seedSubject(folder: string): Subject {
  const { folder: home, file, sha256 } = SEED.find(row => row.folder === (MADE_OF[folder] ?? folder))!;
  return {
    source: `documentation, ${home}/${file}`,
    sdk: folder.split('-')[0]!,
    file: actorCases(folder),
    compile() {
      if (!folder.startsWith('rust') && !existsSync('sdk/go')) return NO_GO;
      const text = readFileSync(`fixtures/${home}/${file}`, 'utf8').split(/\s+/).join(' ').trim();
      const actual = createHash('sha256').update(text).digest('hex');
      const failed = `the text has SHA-256 ${actual}, expected ${sha256}, that of the documentation`;
      return actual === sha256 ? committed(folder) : { failed };
    },
  };
}

const fiveActors = (folder: string): Subject => ({
  source: 'the five actors',
  sdk: folder.replace('-actors', ''),
  file: actorCases(folder),
  compile: () => committed(folder),
});

/**
 * Sources of others, in a folder that is not part of this repository: `rust/NAME.rs` and `go/NAME.go`. The cases here have
 * their names.
 */
function upstreamSubjects(folder: string): Subject[] {
  const { rust, go } = readJson('test/sdk/upstream-cases.json') as Record<string, Record<string, Case[]>>;
  const read = (path: string) => readFileSync(join(folder, path), 'utf8');
  const make = (path: string, sdk: string, cases: Case[], compile: (source: string) => Compiled) => ({
    source: `upstream, ${path}`,
    sdk,
    file: { wasm: 'plugin.wasm', cases },
    compile: () => (existsSync(join(folder, path)) ? compile(read(path)) : { failed: `${path} is missing` }),
  });
  return [
    ...Object.entries(rust!).flatMap(([name, cases]) => [
      make(`rust/${name}.rs`, 'rust', cases, source =>
        compileRust(name, source.replaceAll('reflow_wasm::', 'reflow_wasm_actor::'), 'reflow_wasm_actor'),
      ),
      make(`rust/${name}.rs`, 'rust, not renamed', cases, source => compileRust(name, source, 'reflow_wasm')),
    ]),
    ...Object.entries(go!).flatMap(([name, cases]) =>
      (['go', 'tinygo'] as const).map(compiler =>
        make(`go/${name}.go`, compiler, cases, source => compileGo(name, source, compiler)),
      ),
    ),
  ];
}

/** @param upstream The folder with the sources of others, or undefined */
export function subjects(upstream: string | undefined): Subject[] {
  const folders = readIndex();
  const isSeed = (folder: string) =>
    SEED.some(row => row.folder === folder) || Object.hasOwn(MADE_OF, folder);
  return [
    ...folders.filter(isSeed).map(seedSubject),
    ...folders.filter(folder => readSourceFile(folder).shared === 'sdk-actors').map(fiveActors),
    ...(upstream === undefined ? [] : upstreamSubjects(upstream)),
  ];
}
