import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bundleSuites, suiteFiles } from './bundle.ts';
import { root } from './root.ts';

interface WorkerModule {
  /** The name in the Worker's imports. */
  name: string;
  kind: 'esModule' | 'data' | 'wasm';
  /** Path of its file below the configuration's folder. */
  file: string;
}

/** A date before the compatibility dates at which a Worker gets modules of Node and of workerd by name. */
const OLDER_DATE = '2025-01-01';
const MOST_OUTPUT = 20_000;

/**
 * Writes a Worker to `folder` that runs the suites. Returns the paths of two configurations: one of today, and one with an
 * older compatibility date. `modules` is the folder of record.ts: the Worker imports the modules that Node compiled.
 */
export async function writeSuitesWorker(
  folder: string,
  modules: string,
  runtime: string,
): Promise<{ config: string; older: string }> {
  const files = [...suiteFiles(), 'dist/abi/accessors.wasm'];
  const imported = join(folder, 'imported');
  mkdirSync(imported, { recursive: true });
  const parts: WorkerModule[] = files.map((path, index) => {
    copyFileSync(join(root, path), join(imported, `${index}.bin`));
    return { name: `imported/${index}.bin`, kind: 'data', file: `imported/${index}.bin` };
  });
  const names = readdirSync(modules);
  for (const name of names) {
    copyFileSync(join(modules, name), join(imported, name));
    parts.push({ name: `imported/${name}`, kind: 'wasm', file: `imported/${name}` });
  }
  const script = await bundleSuites('workerd', suites => [
    "import { makeWorker } from './dist/test/runtime/worker.js';",
    ...files.map((_, index) => `import file${index} from 'imported/${index}.bin';`),
    ...names.map((name, index) => `import module${index} from 'imported/${name}';`),
    `const files = { ${files.map((path, index) => `${JSON.stringify(path)}: file${index}`).join(', ')} };`,
    `const modules = { ${names.map((name, index) => `'${basename(name, '.wasm')}': module${index}`).join(', ')} };`,
    `export default makeWorker(${suites}, { runtime: '${runtime}', files, modules });`,
  ]);
  writeFileSync(join(folder, 'worker.js'), script);
  const all: WorkerModule[] = [{ name: 'worker', kind: 'esModule', file: 'worker.js' }, ...parts];
  const [config, older] = [join(folder, 'config.capnp'), join(folder, 'older.capnp')];
  writeFileSync(config, configText(all, '2026-10-01'));
  writeFileSync(older, configText(all, OLDER_DATE));
  return { config, older };
}

export const configText = (
  modules: readonly WorkerModule[],
  compatibilityDate: string,
) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "${compatibilityDate}",
  modules = [
${modules.map(({ name, kind, file }) => `    (name = "${name}", ${kind} = embed "${file}"),`).join('\n')}
  ],
);
`;

/** A workerd that runs. */
export interface Workerd {
  readonly origin: string;
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
  /** The end of all that it has printed. */
  output(): string;
}

interface StartOptions {
  /** Default: the folder of the process. */
  cwd?: string;
  more?: readonly string[];
}

/** Starts `workerd serve` on a free port. */
export async function startWorkerd(
  program: string,
  config: string,
  { cwd, more = [] }: StartOptions = {},
): Promise<Workerd> {
  // workerd writes its port to descriptor 3.
  const args = ['serve', '--control-fd=3', '--socket-addr=http=127.0.0.1:0', ...more, config];
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', chunk => {
      output = (output + chunk).slice(-MOST_OUTPUT);
    });
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    let control = '';
    child.stdio[3]!.on('data', chunk => {
      control += chunk;
      const found = /"socket":"http","port":(\d+)/.exec(control);
      if (found) resolve(Number(found[1]));
    });
    child.on('error', reject);
    child.on('exit', code => reject(new Error(`workerd ended with ${code}\n${output}`)));
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
    output: () => output,
  };
}

/** Starts `workerd serve` on a free port and passes its origin to `use`. */
export async function serveWorker<T>(
  program: string,
  config: string,
  use: (origin: string) => Promise<T>,
): Promise<T> {
  const workerd = await startWorkerd(program, config);
  try {
    return await use(workerd.origin);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${workerd.output()}`, { cause: error });
  } finally {
    await workerd.kill();
  }
}
