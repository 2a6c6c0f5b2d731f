import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Checks, expect, run } from './checks.ts';
import { type Command, makeProgram, type Program, readFixtures } from './programs.ts';

// The programs of test/package/js-sdk follow those in the README of the official JS SDK. The import is missing: it is the
// only line that a user changes.

const PEER = '@extism/extism';

interface Bodies {
  name: string;
  code: string;
}

function readBodies(root: string): Bodies[] {
  const folder = join(root, 'test/package/js-sdk');
  return readdirSync(folder)
    .sort()
    .map(file => ({ name: file.replace(/\.js$/, ''), code: readFileSync(join(folder, file), 'utf8') }));
}

const imported = ({ name, code }: Bodies, from: string): Program =>
  makeProgram(`js-sdk-${name}.mjs`, `import createPlugin from '${from}';\n${code}`);
const required = ({ name, code }: Bodies, from: string): Program =>
  makeProgram(
    `js-sdk-${name}.cjs`,
    `const createPlugin = require('${from}');\n(async () => {\n${code}})();\n`,
  );

export const readJsSdkPrograms = (root: string): Program[] =>
  readBodies(root).flatMap(body => [imported(body, 'plugboard'), required(body, 'plugboard')]);

/** Writes the programs, and the fixtures that they name, to a folder. */
export function writePrograms(root: string, folder: string, programs: readonly Program[]): void {
  for (const { file, code } of programs) {
    writeFileSync(join(folder, file), code);
    for (const fixture of readFixtures(code)) {
      mkdirSync(join(folder, dirname(fixture)), { recursive: true });
      copyFileSync(join(root, fixture), join(folder, fixture));
    }
  }
}

/** Each program prints the same with the official JS SDK, where the benchmarks have installed it. */
export function compareWithPeer(
  root: string,
  project: string,
  folder: string,
  runtime: Command,
  checks: Checks,
): void {
  const modules = join(root, 'test/bench/node_modules');
  if (!existsSync(join(modules, PEER))) {
    console.log(`skipped: the comparison with ${PEER}, which only the benchmarks install`);
    return;
  }
  mkdirSync(folder);
  symlinkSync(modules, join(folder, 'node_modules'), 'junction');
  const [program, ...args] = runtime.command;
  for (const body of readBodies(root)) {
    for (const make of [imported, required]) {
      const theirs = make(body, PEER);
      writePrograms(root, folder, [theirs]);
      checks.check(`${theirs.file} prints the same with ${PEER}`, () => {
        // The SDK may warn, on stderr, that WASI is experimental.
        const [expected, actual] = [folder, project].map(where => run(where, program, ...args, theirs.file));
        expect(actual === expected, `${PEER} prints\n${expected}\nplugboard prints\n${actual}`);
      });
    }
  }
}
