import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The native runtime, libextism, as its Python package loads it. */
const PACKAGES = ['extism==1.1.1', 'extism-sys==1.41.0'];
const FOLDER = `node_modules/.cache/native/${PACKAGES.join('-')}`;
const PYTHON = join(FOLDER, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const MOST_OUTPUT_BYTES = 2 ** 30;

/** Thrown where there is no Python, or the package index cannot be reached. */
export class Unavailable extends Error {}

/** A plugin and its calls. The manifest has the keys of native, with `wasm`. */
export interface Scenario {
  manifest: object;
  wasi: boolean;
  logLevel: string;
  functions: { namespace: string; name: string; params: number; results: number; returns: string | null }[];
  /** Inputs in base64. */
  calls: { name: string; input: string }[];
}

/** The result of one call: code and error text of the C API, and the output in base64; null if it is longer than 64 MiB. */
export interface NativeCall {
  code: number;
  error: string | null;
  output: string | null;
}

export interface NativeRun {
  /** One for each call, or one `failed` if the plugin could not be made. */
  results: (NativeCall | { failed: string } | { driver: string })[];
  /** The signal that ended the process, or null. */
  signal: number | null;
}

function run(program: string, args: readonly string[], input?: string): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    input,
    maxBuffer: MOST_OUTPUT_BYTES,
  });
  if (error) throw new Unavailable(`${program} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** Returns a Python with the packages, which are installed into a folder of their own unless they are there. @throws {Unavailable} */
export function nativePython(): string {
  const marker = join(FOLDER, 'installed');
  if (existsSync(marker)) return PYTHON;
  rmSync(FOLDER, { recursive: true, force: true });
  try {
    run('python3', ['-m', 'venv', FOLDER]);
    run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES]);
  } catch (error) {
    throw new Unavailable((error as Error).message);
  }
  mkdirSync(marker);
  return PYTHON;
}

/** Runs each scenario in a process of its own. @throws {Unavailable} */
export function runNative(scenarios: readonly Scenario[]): NativeRun[] {
  return JSON.parse(run(nativePython(), ['test/native/driver.py'], JSON.stringify(scenarios))) as NativeRun[];
}
