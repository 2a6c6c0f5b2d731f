import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checks, run } from '../package/checks.ts';

/** The test environments that load the package. */
const FRAMEWORKS: readonly { name: string; args: readonly string[]; file: string }[] = [
  { name: 'jest', args: ['--env=node'], file: 'smoke.jest.cjs' },
  { name: 'jest', args: ['--env=jsdom'], file: 'smoke.jest.cjs' },
  { name: 'vitest', args: ['--environment=node'], file: 'smoke.test.mjs' },
  { name: 'vitest', args: ['--environment=jsdom'], file: 'smoke.test.mjs' },
  { name: 'vitest', args: ['--environment=happy-dom'], file: 'smoke.test.mjs' },
];

/** Runs test/bundlers/smoke.cjs as a test of jest and of vitest. */
export function checkFrameworks(project: string, tools: string, checks: Checks): void {
  for (const { name, args, file } of FRAMEWORKS) {
    const folder = join(project, 'frameworks');
    mkdirSync(folder, { recursive: true });
    cpSync(join(tools, 'smoke.cjs'), join(folder, 'smoke.cjs'));
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(
      join(folder, 'smoke.jest.cjs'),
      "const smoke = require('./smoke.cjs');\nfor (const [name, run] of Object.entries(smoke(require))) test(name, run);\n",
    );
    writeFileSync(
      join(folder, 'smoke.test.mjs'),
      "import { test } from 'vitest';\nimport smoke from './smoke.cjs';\nimport * as plugboard from 'plugboard';\nimport * as actor from 'plugboard/actor';\n" +
        "const load = name => (name === 'plugboard' ? plugboard : actor);\nfor (const [name, run] of Object.entries(smoke(load))) test(name, run);\n",
    );
    checks.check([name, ...args].join(' '), () => {
      const own =
        name === 'jest'
          ? ['--rootDir', folder, '--testRegex', file.replaceAll('.', '\\.')]
          : ['run', '--root', folder];
      run(folder, join(tools, 'node_modules/.bin', name), ...own, ...args);
    });
  }
}
