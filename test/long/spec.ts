import { ok } from '../helpers/assert.ts';
import { CHANGES, type Change } from '../spec/changes.ts';
import { noCounts, runScript } from '../spec/run-script.ts';
import { readScripts } from '../spec/suite.ts';
import { type LongCase, Skip } from './case.ts';

/** The least numbers of the oldest engine. */
const [LEAST_MODULES, LEAST_CALLS] = [3000, 30_000];
const MOST_TOLD = 20;

/** Compares each script of the WebAssembly test suite without and with a change. */
export function compare(change: Change): void {
  const scripts = readScripts();
  if (!scripts) throw new Skip('needs cargo');
  const [plain, changed] = [noCounts(), noCounts()];
  const problems: string[] = [];
  for (const script of scripts) {
    const wrong = (line: number, why: string) => void problems.push(`${script.name}:${line}: ${why}`);
    const expected = runScript(script, null, plain, wrong);
    const seen = runScript(script, change, changed, wrong);
    const at = seen.findIndex((line, index) => line !== expected[index]);
    if (at < 0 && seen.length === expected.length) continue;
    const [scripts, reason] = change.forbids ?? [];
    if (scripts?.test(script.name)) console.log(`${script.name} differs: ${reason}`);
    else problems.push(`${script.name}: plain ${expected.at(at)}\n  with ${change.name} ${seen.at(at)}`);
  }
  const { modules, unknown, calls, traps } = plain;
  console.log(
    `${change.name}: ${scripts.length} scripts, ${modules} modules (${unknown} unknown to the engine, ${changed.changed} changed), ` +
      `${calls} calls, ${traps} of which threw; ${problems.length} differ`,
  );
  ok(modules - unknown > LEAST_MODULES && calls > LEAST_CALLS, 'the suite has shrunk');
  // Not `equal`, whose comparison of long texts takes minutes.
  ok(problems.length === 0, problems.slice(0, MOST_TOLD).join('\n'));
}

export const SPEC_CASES: readonly LongCase[] = CHANGES.map(change => ({
  name: `the modules of the WebAssembly test suite do the same with ${change.name}`,
  run: () => compare(change),
}));
