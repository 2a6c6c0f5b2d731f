import { bytesSource, createWasi, type Fs } from '../../wasi/index.ts';
import { equal } from '../helpers/assert.ts';
import { host, readJson } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

type Files = Readonly<Record<string, Uint8Array>>;

/** A folder with these files in it. */
export interface Place {
  fs: Fs;
  list(): Files;
}
export type WithPlace = (files: Files, body: (place: Place) => Promise<void>) => Promise<void>;

/** fixtures/programs/runs.json: files, arguments and input of each program. Its runs share one folder. */
interface Given {
  files: Record<string, { text: string; times: number } | { base64: string }>;
  runs: { args: string[]; stdin?: string }[];
}

/** fixtures/programs/expected.json: the results of the program compiled to native code. Files are given by their SHA-256. */
interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
  files: Record<string, string>;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes.slice());
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('');
}

function initialFiles(files: Given['files']): Files {
  const encoder = new TextEncoder();
  return Object.fromEntries(
    Object.entries(files).map(([name, file]) => [
      name,
      'base64' in file
        ? Uint8Array.from(atob(file.base64), char => char.charCodeAt(0))
        : encoder.encode(file.text.repeat(file.times)),
    ]),
  );
}

/** Collects a program's output. */
function collector() {
  const chunks: Uint8Array[] = [];
  return {
    write: (bytes: Uint8Array) => void chunks.push(bytes.slice()),
    bytes: async () => new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()),
  };
}

function compile(path: string): WebAssembly.Module {
  return host().module?.(path) ?? new WebAssembly.Module(host().readBytes(path).slice());
}

async function runIn(
  place: Place,
  name: string,
  module: WebAssembly.Module,
  run: Given['runs'][number],
): Promise<Outcome> {
  const [stdout, stderr] = [collector(), collector()];
  const input = run.stdin === undefined ? new Uint8Array(0) : place.list()[run.stdin]!;
  const wasi = createWasi({
    args: [name, ...run.args],
    preopens: { '/': place.fs },
    stdin: bytesSource(input),
    stdout,
    stderr,
  });
  const instance = await WebAssembly.instantiate(module, {
    wasi_snapshot_preview1: wasi.imports as unknown as WebAssembly.ModuleImports,
  });
  const exitCode = wasi.start(instance);
  wasi.close();
  const files: Record<string, string> = {};
  for (const [file, bytes] of Object.entries(place.list())) files[file] = await sha256(bytes);
  return {
    exitCode,
    stdout: await sha256(await stdout.bytes()),
    stderr: new TextDecoder().decode(await stderr.bytes()),
    files,
  };
}

/** Real programs have the same output, messages, exit codes and files as their native builds. */
export function realPrograms(title: string, withPlace: WithPlace): void {
  suite(title, test => {
    const given = readJson('fixtures/programs/runs.json') as Record<string, Given>;
    const expected = readJson('fixtures/programs/expected.json') as Record<string, Outcome[]>;
    for (const [name, { files, runs }] of Object.entries(given)) {
      test(`${name}, ${runs.length} runs`, () =>
        withPlace(initialFiles(files), async place => {
          const module = compile(`fixtures/programs/${name}.wasm`);
          for (const [index, run] of runs.entries()) {
            const label = [name, ...run.args].join(' ');
            equal(await runIn(place, name, module, run), expected[name]![index]!, label);
          }
        }));
    }
  });
}
