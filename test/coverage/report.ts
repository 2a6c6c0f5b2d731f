import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FLOORS } from './floors.ts';
import { addLines, addRun, type Lines, type Place, type ScriptCoverage } from './lines.ts';
import { checkFloors, printOpenLines } from './table.ts';

// Reads the coverage that Node wrote (NODE_V8_COVERAGE), of all processes and threads of a run, as lines of the sources.

const root = fileURLToPath(new URL('../../../', import.meta.url));
const dist = join(root, 'dist');
const folder = join(dist, 'coverage');
const MEASURED = /^(abi|wasi|src)\/.*\.js$/;
/** Text of a built file, and for each offset of it whether it ran. */
type Runs = Map<string, Uint8Array>;

/** The value of NODE_V8_COVERAGE for a run that is measured. */
export const RAW_FOLDER: string = join(folder, 'raw');

/** Removes the coverage of earlier runs. */
export const clear = (): void => rmSync(folder, { recursive: true, force: true });

/** The lines of all sources that were built, with the runs of RAW_FOLDER. */
function readLines(): Lines {
  const runs = readRuns();
  // The same build once more, with source maps, which the package has no use for.
  run(join(root, 'node_modules/typescript/bin/tsc'), '--sourceMap', '--outDir', join(folder, 'dist'));
  run(join(root, 'build.mjs'), folder);
  const built = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .map(name => name.replaceAll(sep, '/'))
    .filter(name => MEASURED.test(name));
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
      const name = url.startsWith('file:') ? relative(dist, fileURLToPath(url)).replaceAll(sep, '/') : '';
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
  const mapped = join(folder, 'dist', name);
  // esbuild names each file that it bundles, seen from the folder of the build.
  const withoutPaths = (code: string) =>
    code
      .replace(/^ *\/\/.*$/gm, '')
      .replaceAll('../../node_modules/', 'node_modules/')
      .trimEnd();
  if (withoutPaths(text) !== withoutPaths(readFileSync(mapped, 'utf8'))) {
    throw new Error(`dist/${name} is not the build of these sources: run npm run build, and measure again`);
  }
  const map = new SourceMap(JSON.parse(readFileSync(`${mapped}.map`, 'utf8')) as SourceMapPayload);
  const starts = [...text.matchAll(/^/gm)].map(({ index }) => index);
  let line = 0;
  return offset => {
    while (starts[line + 1]! <= offset) line++;
    const column = offset - starts[line]!;
    const entry = map.findEntry(line, column);
    if (!('originalSource' in entry) || entry.generatedLine !== line || entry.generatedColumn !== column)
      return;
    const file = relative(root, resolve(dirname(mapped), entry.originalSource)).replaceAll(sep, '/');
    return file.startsWith('node_modules/') ? undefined : { file, line: entry.originalLine + 1 };
  };
}

function run(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
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
