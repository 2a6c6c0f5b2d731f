import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processHost } from '../../src/cli/conformance/process-host.ts';
import type { CaseFile } from '../../src/conformance/case.ts';
import type { Host } from '../../src/conformance/host.ts';
import { plugboardHost } from '../../src/conformance/plugboard-host.ts';
import { runCase } from '../../src/conformance/run-case.ts';
import { createPlugin } from '../../src/node.ts';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { nativePython, Unavailable } from '../native/native.ts';
import { checkSdk, OWN_CHECKS, type Problem } from './compile.ts';
import { subjects } from './subjects.ts';

// The table of sources, SDKs and hosts: `npm run test:sdk`. PLUGBOARD_UPSTREAM names a folder with the sources of others.

let passed = 0;
let failed = 0;
const problems: string[] = [];

/** The folder of the module that is judged. */
const place = mkdtempSync(join(tmpdir(), 'sdk-'));
const TIMEOUT_MS = 60_000;

/** Runs each case, and returns how many passed. */
async function judge(where: string, host: Host, file: CaseFile) {
  let count = 0;
  for (const given of file.cases) {
    const { status, reasons } = await runCase(host, '.', file, given);
    if (status === 'passed') count++;
    else problems.push(...reasons.map(text => `${where}, ${given.id}: ${text}`));
  }
  passed += count;
  failed += file.cases.length - count;
  return `${count}/${file.cases.length}`;
}

/** Counts a failure, and returns the text of its cell. */
function note(where: string, problem: Problem): string {
  if ('left' in problem) return `left out: ${problem.left}`;
  failed++;
  problems.push(`${where}: ${problem.failed}`);
  return 'fails';
}

async function startNative(): Promise<Host | null> {
  try {
    return await processHost([nativePython(), 'fixtures/adapters/native.py'], place, TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof Unavailable) || process.env.CI) throw error;
    console.log(`the native runtime is not to be had: ${error.message}`);
    return null;
  }
}

setTestHost(nodeHost);
const here = plugboardHost({
  create: createPlugin,
  version: process.version,
  read: path => new Uint8Array(readFileSync(join(place, path))),
});
const native = await startNative();
const row = (cells: readonly string[]) =>
  console.log(cells.map((cell, index) => cell.padEnd([42, 20, 12, 12, 0][index]!)).join(''));
row(['source', 'SDK', 'module', 'plugboard', 'native 1.41']);
for (const { source, sdk, file, compile } of subjects(process.env.PLUGBOARD_UPSTREAM)) {
  const compiled = compile();
  if (!('wasm' in compiled)) {
    row([source, sdk, note(`${source}, ${sdk}`, compiled)]);
    continue;
  }
  const { how, wasm } = compiled;
  writeFileSync(join(place, file.wasm), wasm);
  const counts = await judge(`${source}, ${sdk}, plugboard`, here, file);
  const there = native ? await judge(`${source}, ${sdk}, native`, native, file) : 'left out';
  row([source, sdk, how, counts, there]);
}
await native?.close();
rmSync(place, { recursive: true });
for (const check of OWN_CHECKS) {
  const name = `sdk/${check.language}: ${check.command.join(' ')}`;
  const problem = checkSdk(check);
  if (!problem) passed++;
  console.log(`${name.padEnd(84)}${problem ? note(name, problem) : 'passes'}`);
}
for (const problem of problems) console.log(problem);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
