import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FLOORS } from './floors.ts';
import { RAW_FOLDER } from './folder.ts';
import { addLines, addRun, type Lines, type Place, type ScriptCoverage } from './lines.ts';
import { checkFloors, printOpenLines } from './table.ts';

// Reads the coverage that Node wrote (NODE_V8_COVERAGE), of all processes and threads of a run, as lines of the sources.

const root = fileURLToPath(new URL('../../../', import.meta.url));
const dist = join(root, 'dist');
/** Commands run as they are published, in lib/. */
const MEASURED = /^(abi|wasi|src|lib(?!\/cjs))\/.*\.js$/;
const MEASURED_SOURCE = /\.ts$/;
/** Workers get their code as text, which names itself so. build.mjs makes it of this file. */
const WORKER = { url: 'plugboard/worker-node.js', name: 'src/platform/worker-node.js' };
/** Text of a built file, and for each offset of it whether it ran. */
type Runs = Map<string, Uint8Array>;

/** The lines of all sources that were built, with the runs of RAW_FOLDER. */
function readLines(): Lines {
  const runs = readRuns();
  const built = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .map(name => name.replaceAll(sep, '/'))
    .filter(name => MEASURED.test(name) && existsSync(join(dist, `${name}.map`)));
  const lines: Lines = new Map();
  const open: Lines = new Map();
  for (const name of built) {
    const ran = runs.get(name);
    addLines(ran ? lines : open, ran ?? new Uint8Array(textOf(name).length), placesOf(name));
  }
  // The worker's code is built twice, in files of its own and in one bundle. The files need not be loaded, too.
  for (const [file, ofFile] of open) if (!lines.has(file)) lines.set(file, ofFile);
  return lines;
}

function readRuns(): Runs {
  const runs: Runs = new Map();
  for (const file of readdirSync(RAW_FOLDER)) {
    const { result } = JSON.parse(readFileSync(join(RAW_FOLDER, file), 'utf8')) as {
      result: ScriptCoverage[];
    };
    for (const script of result) {
      // A query loads the same file once more.
      const [url = ''] = script.url.split('?');
      const path = url.startsWith('file:') ? relative(dist, fileURLToPath(url)).replaceAll(sep, '/') : '';
      const name = url === WORKER.url ? WORKER.name : path;
      if (!MEASURED.test(name)) continue;
      const ran = runs.get(name) ?? new Uint8Array(textOf(name).length);
      addRun(ran, script);
      runs.set(name, ran);
    }
  }
  return runs;
}

const textOf = (name: string) => readFileSync(join(dist, name), 'utf8');

/** For each offset of a built file its place in the sources, where the source map has an entry. */
function placesOf(name: string): (offset: number) => Place | undefined {
  const text = textOf(name);
  const payload = JSON.parse(textOf(`${name}.map`)) as SourceMapPayload;
  const map = new SourceMap(payload);
  payload.sources.forEach((source, index) => {
    const path = join(dist, dirname(name), source);
    if (MEASURED_SOURCE.test(source) && readFileSync(path, 'utf8') !== payload.sourcesContent[index]) {
      throw new Error(`dist/${name} is not the build of ${source}: run npm run build, and measure again`);
    }
  });
  const starts = [...text.matchAll(/^/gm)].map(({ index }) => index);
  let line = 0;
  return offset => {
    while (starts[line + 1]! <= offset) line++;
    const column = offset - starts[line]!;
    const entry = map.findEntry(line, column);
    if (!('originalSource' in entry) || entry.generatedLine !== line || entry.generatedColumn !== column)
      return;
    const file = relative(root, join(dist, dirname(name), entry.originalSource)).replaceAll(sep, '/');
    return file.startsWith('node_modules/') ? undefined : { file, line: entry.originalLine + 1 };
  };
}

/** Prints the open lines of each file and the table of rooms. Returns true if no room is below its floor. */
export function report(): boolean {
  const lines = readLines();
  const { table, problems } = checkFloors(lines, FLOORS);
  console.log(['', ...printOpenLines(lines), '', ...table, '', ...problems].join('\n'));
  return problems.length === 0;
}

/** Prints the open lines of each file that the run loaded. */
export function reportPart(): void {
  const loaded = [...readLines()].filter(([, ofFile]) => [...ofFile.values()].includes(true));
  console.log(['', ...printOpenLines(new Map(loaded))].join('\n'));
}
