import { compareReports } from '../../src/audit/compare.ts';
import { toHtml } from '../../src/audit/html.ts';
import { reportOf } from '../../src/audit/index.ts';
import { toSarif } from '../../src/audit/sarif.ts';
import { describeDiff, describeFindings, powerRows, reachRows } from '../../src/cli/audit-text.ts';
import { printable } from '../../src/values/printable.ts';
import { checkReach } from '../contract/reach.ts';
import { is, ok } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { randomCalls } from '../helpers/random-calls.ts';
import { damage, randomModule } from '../helpers/random-module.ts';
import type { Target } from './target.ts';
import { fromHex, toHex } from './wasm.ts';

/** A report is at most this many times as long as the module, besides its fixed texts: paths repeat names. */
const MOST_TIMES = 2000;
const FIXED_CHARACTERS = 100_000;

/** Damaged modules, as hexadecimal digits, and a seed for a plugin whose reach is compared with its calls. */
export const audit: Target<{ wasm: string; seed: number }> = {
  name: 'audit',
  make: random => {
    const bytes = random.below(2) ? randomModule(random).bytes : randomCalls(random).modules.at(-1)!.data;
    return { wasm: toHex(random.below(4) ? damage(random, bytes) : bytes), seed: random.u32() };
  },
  check: async ({ wasm, seed }) => {
    const bytes = fromHex(wasm);
    const report = await reportOf(bytes);
    is(report.modules[0]!.valid, WebAssembly.validate(bytes));
    const text = JSON.stringify(report);
    ok(
      text.length <= FIXED_CHARACTERS + MOST_TIMES * bytes.length,
      'the report is as long as the module allows',
    );
    const diff = compareReports(report, report);
    is(diff.capabilities.gained.length + diff.reach.length + diff.findings.gained.length, 0);
    const lines = [
      ...[...powerRows(report), ...reachRows(report)].map(([, row]) => row ?? ''),
      ...describeFindings('a.wasm', report.findings),
      ...describeDiff('a.wasm', 'b.wasm', diff),
    ];
    // A tab stays as it is in all that is printed.
    ok(lines.every(line => !/[^\P{C}\n\t]/u.test(line.split('\n').map(printable).join('\n'))));
    const page = toHtml(report, { title: 'a.wasm', old: report });
    is(page.split('<script').length, 2, 'names are text');
    JSON.stringify(toSarif(report, { path: 'a.wasm' }));
    await checkReach(new Random(seed));
  },
};
