import { type Case, runCase } from '../helpers/cases.ts';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { Unavailable } from '../native/native.ts';
import { checkSdk, OWN_CHECKS, type Problem } from './compile.ts';
import { NativeHost } from './native.ts';
import { subjects } from './subjects.ts';

// The table of sources, SDKs and hosts: `npm run test:sdk`. PLUGBOARD_UPSTREAM names a folder with the sources of others.

let passed = 0;
let failed = 0;
const problems: string[] = [];

/** Runs each case, and returns how many passed. @param run Throws, or returns the differences */
async function judge(where: string, cases: readonly Case[], run: (given: Case) => Promise<string[]>) {
  let count = 0;
  for (const given of cases) {
    const found = await run(given).catch((error: Error) => [error.message]);
    if (found.length === 0) count++;
    problems.push(...found.map(text => `${where}, ${given.id}: ${text}`));
  }
  passed += count;
  failed += cases.length - count;
  return `${count}/${cases.length}`;
}

/** Counts a failure, and returns the text of its cell. */
function note(where: string, problem: Problem): string {
  if ('left' in problem) return `left out: ${problem.left}`;
  failed++;
  problems.push(`${where}: ${problem.failed}`);
  return 'fails';
}

function startNative(): NativeHost | null {
  try {
    return new NativeHost();
  } catch (error) {
    if (!(error instanceof Unavailable) || process.env.CI) throw error;
    console.log(`the native runtime is not to be had: ${error.message}`);
    return null;
  }
}

setTestHost(nodeHost);
const native = startNative();
const row = (cells: readonly string[]) =>
  console.log(cells.map((cell, index) => cell.padEnd([42, 20, 12, 12, 0][index]!)).join(''));
row(['source', 'SDK', 'module', 'plugboard', 'native 1.41']);
for (const { source, sdk, cases, compile } of subjects(process.env.PLUGBOARD_UPSTREAM)) {
  const compiled = compile();
  if (!('wasm' in compiled)) {
    row([source, sdk, note(`${source}, ${sdk}`, compiled)]);
    continue;
  }
  const { how, wasm } = compiled;
  const subject = { wasm, accessors: undefined, hostFunctions: {}, kernel: 'accessors' as const };
  const here = await judge(`${source}, ${sdk}, plugboard`, cases, async given => {
    await runCase(subject, given);
    return [];
  });
  const there = native
    ? await judge(`${source}, ${sdk}, native`, cases, given => native.differences(wasm, given))
    : 'left out';
  row([source, sdk, how, here, there]);
}
native?.close();
for (const check of OWN_CHECKS) {
  const name = `sdk/${check.language}: ${check.command.join(' ')}`;
  const problem = checkSdk(check);
  if (!problem) passed++;
  console.log(`${name.padEnd(84)}${problem ? note(name, problem) : 'passes'}`);
}
for (const problem of problems) console.log(problem);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
