import { spawnSync } from 'node:child_process';
import { npm } from '../runtime/npm.ts';

/** Counts checks. A check that throws has failed; the checks after it still run. */
export class Checks {
  passed = 0;
  failed = 0;

  check(what: string, body: () => void): void {
    try {
      body();
      this.passed++;
    } catch (error) {
      this.failed++;
      console.log(`FAIL ${what}\n${(error as Error).message}\n`);
    }
  }
}

export function expect(isRight: boolean, problem: string): void {
  if (!isRight) throw new Error(problem);
}

/** Returns the stdout of the program. Throws an error with all its output if the program fails. */
export function run(folder: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  if (status === 0) return stdout;
  throw new Error(
    `${program} ${args.join(' ')}: ${error?.message ?? `exit status ${status}`}\n${stdout}${stderr}`,
  );
}

export function runNpm(folder: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = npm(folder, args);
  if (status === 0) return stdout;
  throw new Error(`npm ${args.join(' ')}: ${error?.message ?? stdout + stderr}`);
}

/** Returns the result of `install`. If it fails, as without a network, throws in CI; else prints why and returns undefined. */
export function installed<T>(what: string, install: () => T): T | undefined {
  try {
    return install();
  } catch (error) {
    if (process.env.CI) throw error;
    console.log(`skipped: ${what}, which cannot be installed\n${(error as Error).message}`);
    return undefined;
  }
}
