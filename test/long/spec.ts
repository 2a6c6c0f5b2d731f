import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok } from '../helpers/assert.ts';
import { root } from '../runtime/root.ts';
import { CHANGES, type Change } from '../spec/changes.ts';
import { findDifferences } from '../spec/differences.ts';
import { UNCALLED } from '../spec/excuses.ts';
import { fuelOf, type ScriptFuel, SPEC_FUEL_FILE } from '../spec/fuel-counts.ts';
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
  let excused = 0;
  for (const script of scripts) {
    const wrong = (line: number, why: string) => void problems.push(`${script.name}:${line}: ${why}`);
    const expected = runScript(script, null, plain, wrong);
    const seen = runScript(script, change, changed, wrong);
    const lines = change.forbids?.lines[script.name] ?? [];
    excused += lines.length;
    problems.push(...findDifferences(script.name, expected, seen, new Set(lines)));
  }
  const { modules, unknown, calls, traps } = plain;
  console.log(
    `${change.name}: ${scripts.length} scripts, ${modules} modules (${unknown} unknown to the engine, ${changed.changed} changed), ` +
      `${calls} calls, ${traps} of which threw; ${problems.length} differ` +
      (change.forbids ? `, ${excused} may differ: ${change.forbids.reason}` : ''),
  );
  ok(modules - unknown > LEAST_MODULES && calls > LEAST_CALLS, 'the suite has shrunk');
  // Not `equal`, whose comparison of long texts takes minutes.
  ok(problems.length === 0, problems.slice(0, MOST_TOLD).join('\n'));
}

/** The least number of scripts that the oldest engine can count. */
const LEAST_COUNTED = 200;

/** Compares the fuel of each script with the committed units. */
function compareFuel(): void {
  const scripts = readScripts();
  if (!scripts) throw new Skip('needs cargo');
  const committed = JSON.parse(readFileSync(join(root, SPEC_FUEL_FILE), 'utf8')) as Record<
    string,
    ScriptFuel
  >;
  const problems: string[] = [];
  let counted = 0;
  for (const script of scripts) {
    const fuel = fuelOf(script);
    const expected = committed[script.name];
    if (typeof fuel === 'string' || !expected || UNCALLED[script.name]) continue;
    counted++;
    if (`${fuel}` !== `${expected}`) problems.push(`${script.name}: ${fuel}, expected ${expected}`);
  }
  console.log(`fuel: ${counted} of ${scripts.length} scripts counted; ${problems.length} differ`);
  ok(problems.length === 0, problems.slice(0, MOST_TOLD).join('\n'));
  ok(counted >= LEAST_COUNTED, `${counted} scripts are counted, expected at least ${LEAST_COUNTED}`);
}

export const SPEC_CASES: readonly LongCase[] = [
  ...CHANGES.map(change => ({
    name: `the modules of the WebAssembly test suite do the same with ${change.name}`,
    run: () => compare(change),
  })),
  { name: 'the scripts of the WebAssembly test suite use the committed fuel', run: compareFuel },
];
