import type { Level } from '../../conformance/case.ts';
import type { Host } from '../../conformance/host.ts';
import { runCase } from '../../conformance/run-case.ts';
import { defineCommand } from '../command.ts';
import { CliError } from '../errors.ts';
import { readInputFile } from '../files.ts';
import { writeStderr, writeStdout } from '../stdio.ts';
import { CASES_OPTION, type FolderCases, folderOfCases, readCases } from './cases.ts';
import { compare, type Expectations, NOTHING_KNOWN, readExpectations, staleIds } from './expectations.ts';
import { ownHost, startHost } from './hosts.ts';
import { type CaseResult, failures, junit, type Results, summary } from './report.ts';

const DEFAULT_TIMEOUT_S = 30;
const LEVELS: readonly string[] = ['core', 'edge', 'hardened'] satisfies Level[];

export const conformance = defineCommand({
  name: 'conformance',
  summary: 'run the conformance cases on a host of Extism plugins',
  about: `Runs the cases of the package plugboard-conformance on a host, and compares the results with its expectations.
Without --host the host is plugboard itself. Any other host is a program that speaks a small protocol in JSON lines;
the README of the cases describes it, and has adapters for Extism's native runtime, its Go SDK and its JS SDK.
A crash or a hang of the host loses one case. The exit code is 1 after an unexpected result, a pass included.`,
  positionals: [],
  options: {
    host: {
      value: 'COMMAND',
      help: 'native, go-sdk, js-sdk, or a program with its arguments; default: plugboard itself',
      heading: 'Host and cases',
    },
    cases: CASES_OPTION,
    expect: { value: 'FILE', help: 'expectations of this version of the host; default: every case passes' },
    filter: { value: 'TEXT', repeatable: true, help: 'run only cases with an id that contains TEXT' },
    level: { value: 'LEVEL', help: 'run only cases of one level: core, edge or hardened' },
    timeout: {
      value: 'S',
      unit: 'seconds',
      help: `how long the host may take to answer (default: ${DEFAULT_TIMEOUT_S}; 0: no limit)`,
    },
    json: { not: ['junit'], help: 'print all results, as JSON', heading: 'Output' },
    junit: { help: 'print all results, as JUnit XML' },
  },
  examples: [
    'plugboard conformance --level core',
    'plugboard conformance --host native --expect expectations/native-1.41.0.json',
    "plugboard conformance --host './my-host --conformance' --filter abi. --junit > results.xml",
  ],
  run: async (_, { host: command, cases, expect, filter, level, timeout, json, junit: wantsXml }) => {
    if (level !== undefined && !LEVELS.includes(level))
      throw new CliError('USAGE', `--level: expected core, edge or hardened, got ${JSON.stringify(level)}`);
    const folder = folderOfCases(cases);
    const files = await readCases(folder);
    const ids = files.flatMap(({ file }) => file.cases.map(({ id }) => id));
    const lost = filter.find(text => !ids.some(id => id.includes(text)));
    if (lost !== undefined)
      throw new CliError('USAGE', `--filter: no case has an id that contains ${JSON.stringify(lost)}`);
    const known = expect
      ? readExpectations(new TextDecoder().decode(await readInputFile(expect)), expect)
      : NOTHING_KNOWN;
    const host =
      command === undefined
        ? ownHost(folder)
        : await startHost(command, folder, timeout ?? DEFAULT_TIMEOUT_S);
    try {
      const isChosen = (id: string, of: Level) =>
        (level === undefined || of === level) &&
        (filter.length === 0 || filter.some(text => id.includes(text)));
      const results: Results = {
        host: host.name,
        version: host.version,
        date: new Date().toISOString().slice(0, 10),
        cases: await runAll(host, files, known, isChosen),
      };
      const stale = staleIds(known, new Set(ids));
      for (const id of stale) writeStderr('plugboard', `${expect}: there is no case ${id}; remove it`);
      const text = json
        ? JSON.stringify(results, null, 1)
        : wantsXml
          ? junit(results)
          : [...failures(results), summary(results)].join('\n');
      await writeStdout(`${text}\n`);
      return stale.length > 0 || results.cases.some(({ isUnexpected }) => isUnexpected) ? 1 : 0;
    } finally {
      await host.close();
    }
  },
});

async function runAll(
  host: Host,
  files: readonly FolderCases[],
  known: Expectations,
  isChosen: (id: string, level: Level) => boolean,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { folder, file } of files) {
    for (const given of file.cases) {
      const { id, level = 'edge' } = given;
      if (!isChosen(id, level)) continue;
      const startMs = performance.now();
      const reason = Object.hasOwn(known.skip, id) ? known.skip[id]! : undefined;
      const judged =
        reason === undefined
          ? compare(await runCase(host, folder, file, given), known)
          : { id, status: 'skipped' as const, reasons: [reason], rows: [], isUnexpected: false };
      results.push({ ...judged, level, topic: folder, ms: Math.round(performance.now() - startMs) });
    }
  }
  return results;
}
