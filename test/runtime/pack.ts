import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from './npm.ts';

// Packs what npm would publish, and checks it as its user meets it: the files, the imports by name, the command.

interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  bin: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'plugboard-pack-'));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const problems: string[] = [];
let checked = 0;

function check(isRight: boolean, problem: string): void {
  checked++;
  if (!isRight) problems.push(problem);
}

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: temporary, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

function npmOrThrow(folder: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = npm(folder, args);
  if (status === 0) return stdout;
  throw new Error(`npm ${args[0]}: ${error?.message ?? stderr}`);
}

function checkFiles(files: readonly string[]): void {
  const built = /^dist\/((?:abi|wasi|src)\/.+)(?:\.d\.ts|\.js)$/;
  const beside = ['package.json', 'README.md', 'LICENSE', 'dist/abi/accessors.wasm'];
  for (const file of files) {
    const source = built.exec(file)?.[1];
    // A file without a source is what an earlier build left in dist.
    const isOurs = source === undefined ? beside.includes(file) : existsSync(join(root, `${source}.ts`));
    check(
      isOurs,
      `${file}: neither built from a source of abi/, wasi/ or src/, nor one of ${beside.join(', ')}`,
    );
  }
  const targets = Object.values(manifest.exports).flatMap(target =>
    typeof target === 'string' ? target : Object.values(target),
  );
  for (const target of [...beside, ...targets, ...Object.values(manifest.bin)]) {
    check(files.includes(target.replace('./', '')), `${target}: missing from the package`);
  }
}

function checkInstalled(tarball: string): void {
  npmOrThrow(temporary, 'install', '--prefix', temporary, '--offline', join(temporary, tarball));
  for (const path of Object.keys(manifest.exports).filter(path => !/\.(json|wasm)$/.test(path))) {
    const name = path.replace('.', manifest.name);
    const count = Number(
      run(process.execPath, '-e', `import('${name}').then(m => console.log(Object.keys(m).length))`),
    );
    check(count > 0, `import '${name}' gives nothing`);
  }
  const version = run(join(temporary, 'node_modules/.bin/plugboard'), '--version').trim();
  check(version === manifest.version, `plugboard --version prints ${version}, not ${manifest.version}`);
}

try {
  check(manifest.dependencies === undefined, 'package.json: plugboard has no dependencies at run time');
  const [packed] = JSON.parse(npmOrThrow(root, 'pack', '--json', '--pack-destination', temporary)) as [
    { filename: string; files: { path: string }[] },
  ];
  checkFiles(packed.files.map(file => file.path));
  checkInstalled(packed.filename);
} catch (error) {
  check(false, (error as Error).message);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
for (const problem of problems) console.log(problem);
console.log(`${checked - problems.length} passed, ${problems.length} failed`);
process.exitCode = problems.length ? 1 : 0;
