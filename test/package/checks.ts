import { spawnSync } from 'node:child_process';
import { npm } from '../runtime/npm.ts';

/** Counts checks. One that throws has failed, and does not stop those after it. */
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

/** What the program prints. Throws all that it printed when it fails. */
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

/** What `install` answers. When it fails, as it does without network: undefined and a printed reason; an error in CI. */
export function installed<T>(what: string, install: () => T): T | undefined {
  try {
    return install();
  } catch (error) {
    if (process.env.CI) throw error;
    console.log(`skipped: ${what}, which cannot be installed\n${(error as Error).message}`);
    return undefined;
  }
}
