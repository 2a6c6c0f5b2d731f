import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files that plugboard starts as workers, and looks for beside its own code. */
const NAMES = ['worker-web.js', 'worker-node.js'];

/** Returns the files to copy beside a bundle: those beside its inputs that its code names. */
export const findWorkerFiles = (code: string, inputs: readonly string[]): { name: string; path: string }[] =>
  NAMES.filter(name => code.includes(`./${name}`)).flatMap(name => {
    const path = [...new Set(inputs.map(dirname))]
      .map(folder => join(folder, name))
      .find(file => existsSync(file));
    return path === undefined ? [] : [{ name, path }];
  });
