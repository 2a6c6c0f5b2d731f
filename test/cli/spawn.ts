import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RAW_FOLDER } from '../coverage/folder.ts';
import { host } from '../helpers/host.ts';

export interface Finished {
  stdout: string;
  stderr: string;
  /** Null when a signal ended the process. */
  code: number | null;
}

/** Commands that are rarely started on the newest Node, which is measured. So those of `npm test` are measured in CI. */
const MEASURED = ['build', 'compare', 'conformance', 'graph', 'inspect', 'lock', 'replay', 'run', 'types'];

/** The folder to which a process of Node writes the lines that it ran, if they are counted. */
function coverageOf(command = ''): string | undefined {
  if (!host().runtime.startsWith('node ')) return undefined;
  const { NODE_V8_COVERAGE, PLUGBOARD_REPORT } = process.env;
  return NODE_V8_COVERAGE ?? (PLUGBOARD_REPORT && MEASURED.includes(command) ? RAW_FOLDER : undefined);
}

/** The command as users have it. */
export const commandPath = (): string => host().path('dist/lib/cli/main.js');

interface SpawnOptions {
  /** A file from which stdin comes. */
  stdinFile?: string;
  stdin?: string | Uint8Array;
  env?: Record<string, string>;
  /** Default: the built command. */
  program?: string;
}

/** Permissions for Deno, which grants none by default: folders to read and to write, and environment variables. */
const denoFlags = (temporary: string) => [
  'run',
  '--no-prompt',
  '--no-lock',
  `--allow-read=${host().path('.')},${temporary}`,
  `--allow-write=${temporary}`,
  '--allow-env=PLUGBOARD_LOG,RUST_LOG,GREETING',
];

/** Starts the built command, or another program, under the runtime that runs the suites. */
export function start(
  temporary: string,
  args: readonly string[],
  env: Record<string, string> = {},
  program: string = commandPath(),
  stdin: 'pipe' | number = 'pipe',
) {
  const coverage = coverageOf(args[0]);
  const flags = 'Deno' in globalThis ? denoFlags(temporary) : [];
  // The environment has no PATH, no HOME, and no variable that changes colours or logs.
  return spawn(process.execPath, [...flags, program, ...args], {
    cwd: temporary,
    stdio: [stdin as 'pipe', 'pipe', 'pipe'],
    env: { NO_COLOR: '1', ...(coverage && { NODE_V8_COVERAGE: coverage }), ...env },
  });
}

/** Runs the built command, or another program, to its end. */
export function plugboard(
  temporary: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const file = options.stdinFile === undefined ? undefined : openSync(options.stdinFile, 'r');
    const child = start(temporary, args, options.env, options.program, file);
    if (file !== undefined) closeSync(file);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', code => resolve({ stdout, stderr, code }));
    if (file !== undefined) return;
    // A program that fails before it reads its input closes the pipe.
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
  });
}

/** Runs `body` with a new empty folder, which is removed afterwards. */
export async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'plugboard-cli-')));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
