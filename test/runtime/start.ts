import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './root.ts';

/** The folder that suites, programs and browsers may write to. */
export const temporary: string = mkdtempSync(join(tmpdir(), 'plugboard-runtimes-'));
// A signal alone would end this process without its `exit` event, which ends the browsers.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
/** A hanging suite must not hang the run. */
export const TIMEOUT_MS: number = 20 * 60_000;

/** The environment variables that uvu, the suites, the command line program and Deno's node:https read. */
const environment =
  'NODE_DISABLE_COLORS,FORCE_COLOR,NO_COLOR,TERM,TMPDIR,TMP,TEMP,NODE_V8_COVERAGE,NODE_USE_SYSTEM_CA,PLUGBOARD_LOG,RUST_LOG';
export const DENO_FLAGS = [
  'run',
  '--no-prompt',
  '--no-lock',
  '--no-remote',
  // All files: otherwise Deno cannot make symbolic links, which the suites about folders of the host need.
  '--allow-read',
  '--allow-write',
  `--allow-env=${environment}`,
  // All programs: otherwise Deno may not ask whether the owner of a journal runs.
  '--allow-run',
  // The name is that of a server which only the look-up of a suite knows.
  '--allow-net=127.0.0.1,localhost,nowhere.invalid',
  // For https through node:https.
  '--allow-sys=ca',
];

/** Runs a program to its end in the repository's root. */
export async function start(
  program: string,
  args: readonly string[],
  env?: Record<string, string>,
): Promise<{ stdout: string; output: string; code: number | null }> {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', TMPDIR: temporary, TMP: temporary, TEMP: temporary, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  let [stdout, output] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { stdout, output, code };
}

/** One more than there are cores, because suites wait for workers and other processes. */
const JOBS = availableParallelism() + 1;

/** Runs some jobs at a time. */
export async function runJobs<T>(jobs: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const left = jobs.entries();
  const work = async () => {
    for (const [index, job] of left) results[index] = await job();
  };
  await Promise.all(Array.from({ length: JOBS }, work));
  return results;
}
