import { type ChildProcess, spawn } from 'node:child_process';

// Processes of a test that end with it, also when it is killed: a worker that lives on tries to reach its server for ever.

type Output = 'pipe' | 'inherit';

/** Starts a program of this folder, which calls `endWithParent`. */
export function spawnWorker(program: string, args: readonly string[], stdout: Output): ChildProcess {
  return spawn(process.execPath, [program, ...args], { stdio: ['pipe', stdout, 'inherit'] });
}

/** Ends this process when the one that started it has ended. */
export function endWithParent(): void {
  process.stdin.resume().once('end', () => process.exit(1));
}
