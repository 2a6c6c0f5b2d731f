import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The file that plugboard starts as a worker, and looks for beside its own code. */
export const WORKER_FILE = 'worker-web.js';

/** Returns the file to copy beside a bundle whose code names it, if plugboard is among the inputs. */
export const findWorkerFile = (code: string, inputs: readonly string[]): string | undefined =>
  code.includes(`./${WORKER_FILE}`)
    ? [...new Set(inputs.map(dirname))].map(workerFileIn).find(path => path !== undefined)
    : undefined;

/** Returns the path of the file in a folder, if that is `dist/lib` of plugboard. An app may have a file of the same name. */
export function workerFileIn(folder: string): string | undefined {
  const [path, description] = [join(folder, WORKER_FILE), join(folder, '../../package.json')];
  if (!existsSync(path) || !existsSync(description)) return undefined;
  const { name } = JSON.parse(readFileSync(description, 'utf8')) as { name?: unknown };
  return name === 'plugboard' ? path : undefined;
}
