import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emitTest } from '../../src/audit/node.ts';
import { type Checks, expect, run } from '../package/checks.ts';
import { changed, RECORDED } from '../replay/example.ts';

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

/** Runs the test of a recording, as `plugboard replay --emit-test` writes it. */
export function checkEmittedTest(project: string, tools: string, checks: Checks): void {
  const folder = join(project, 'emitted');
  mkdirSync(folder, { recursive: true });
  const passes = (recording: string): boolean => {
    writeFileSync(join(folder, 'emitted.test.mjs'), emitTest(recording, { runner: 'vitest' }));
    try {
      run(folder, join(tools, 'node_modules/.bin/vitest'), 'run', '--root', folder);
      return true;
    } catch {
      return false;
    }
  };
  checks.check('vitest: an emitted test passes', () => expect(passes(RECORDED), 'it fails'));
  checks.check('vitest: an emitted test fails for another outcome', () =>
    expect(!passes(changed(RECORDED, { 'calls[1].output': { text: 'other' } })), 'it passes'),
  );
}
