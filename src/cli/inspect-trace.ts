import { CAPABILITIES } from '../audit/capabilities.ts';
import { toHtml } from '../audit/html.ts';
import { findingsIn } from '../audit/lint-trace.ts';
import { count, summarize } from '../audit/trace-summary.ts';
import { readTrace } from '../trace/read.ts';
import { withCommas } from '../units.ts';
import { describeFindings } from './audit-text.ts';
import { writeOutputFile } from './files.ts';
import { type FORMATS, printFindings } from './findings.ts';
import { block, name, prose } from './report-text.ts';
import { writeLines } from './stdio.ts';

/** Whether a file is a trace in the format `jsonl`. */
export const isTrace = (bytes: Uint8Array): boolean => BEGIN.every((byte, index) => bytes[index] === byte);
const BEGIN = [...new TextEncoder().encode('{"type":"trace",')];

interface Values {
  lint: boolean;
  json: boolean;
  html: string | undefined;
}

/** The part of `inspect` for a trace. Returns the exit code. @throws {PlugboardError} INVALID_TRACE */
export async function inspectTrace(
  path: string,
  bytes: Uint8Array,
  format: (typeof FORMATS)[number],
  { lint, json, html }: Values,
): Promise<number> {
  const events = readTrace(bytes);
  const findings = findingsIn(events);
  if (lint) return printFindings(format, path, findings, findings);
  const summary = summarize(events);
  if (html !== undefined) {
    await writeOutputFile('--html', html, toHtml(null, { title: path, trace: events }));
  } else if (json) await writeLines(JSON.stringify({ ...summary, findings }, null, 2).split('\n'));
  else {
    const { plugins, calls, failed, imports, refused, powers } = summary;
    const used = powers.map(({ id, imports: through }) => {
      const counts = through.map(item => `${name(item.name)} × ${withCommas(item.calls)}`).join(', ');
      return [id, prose(`${CAPABILITIES[id].words}: ${counts}`)] as const;
    });
    await writeLines([
      `${path}: ${count(events.length, 'event')} of ${count(plugins, 'plugin')}`,
      ...block('It did', [
        ['calls', `${withCommas(calls)} with starts of instances, ${withCommas(failed)} failed`],
        ['of the host', `${withCommas(imports)}, ${withCommas(refused)} refused`],
      ]),
      ...block('Powers used', used),
      '',
      ...describeFindings(path, findings),
    ]);
  }
  return 0;
}
