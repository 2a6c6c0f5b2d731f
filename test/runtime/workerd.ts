import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bundleSuites, repositoryFiles, root } from './bundle.ts';

interface WorkerModule {
  /** As the Worker imports it. */
  name: string;
  kind: 'esModule' | 'data' | 'wasm';
  /** Path of its file below the configuration's folder. */
  file: string;
}

/** Before the compatibility date at which a Worker gets Node's modules, and workerd's by their names. */
const OLDER_DATE = '2025-01-01';

/**
 * Writes a Worker to `folder` that runs the suites, and returns the paths of its configurations: of today, and one with an older
 * compatibility date. `modules` is the folder of record.ts: what Node compiled, this Worker imports.
 */
export async function writeSuitesWorker(
  folder: string,
  modules: string,
  runtime: string,
): Promise<{ config: string; older: string }> {
  const files = [...repositoryFiles(), 'package.json', 'dist/abi/accessors.wasm'];
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

const configText = (
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

/** Starts `workerd serve` on a free port and hands its origin to `use`. */
export async function serveWorker<T>(
  program: string,
  config: string,
  use: (origin: string) => Promise<T>,
): Promise<T> {
  // Descriptor 3 is where workerd says which port it got.
  const child = spawn(program, ['serve', '--control-fd=3', '--socket-addr=http=127.0.0.1:0', config], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', chunk => (output += chunk));
  try {
    const port = await new Promise<number>((resolve, reject) => {
      let control = '';
      child.stdio[3]!.on('data', chunk => {
        control += chunk;
        const found = /"socket":"http","port":(\d+)/.exec(control);
        if (found) resolve(Number(found[1]));
      });
      child.on('error', reject);
      child.on('exit', code => reject(new Error(`workerd ended with ${code}`)));
    });
    return await use(`http://127.0.0.1:${port}`);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${output}`, { cause: error });
  } finally {
    child.kill('SIGKILL');
  }
}
