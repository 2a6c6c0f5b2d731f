import { existsSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { approve, compareWithLock, type LockDifference, printFile, usesIn } from '../audit/lock.ts';
import { LOCK_FILE, LOCK_VERSION, type LockFile, readLockFile } from '../audit/lock-file.ts';
import { type AuditReport, type PolicyFile, reportOf } from '../audit/node.ts';
import { endOf, POLICY_FILE, POLICY_VERSION, readPolicyFile } from '../audit/policy-file.ts';
import type { PolicyGrant } from '../given/policy-types.ts';
import { AtomicFile } from '../platform/node-atomic-file.ts';
import { reasonOf } from '../platform/system-error.ts';
import { readTrace } from '../trace/read.ts';
import { printable } from '../values/printable.ts';
import { defineCommand } from './command.ts';
import { CliError } from './errors.ts';
import { readInputFile, refuseSharedFiles } from './files.ts';
import { writeStdout } from './stdio.ts';

export const lock = defineCommand({
  name: 'lock',
  summary: 'approve builds of plugins, or check that no other build came',
  about: `Writes two files. plugboard.lock.json holds hashes, powers and exports of each build. plugboard.policy.json holds the
grants that people make, each with a reason; createPlugin keeps to it by its option policy. With --check nothing is
written: a build that was not approved is an error, with its new powers, the calls that lead to them, and the command
that approves it.`,
  positionals: [{ name: 'FILE', repeatable: true, help: 'files of plugins' }],
  options: {
    check: { help: 'compare, and write nothing' },
    reason: { value: 'TEXT', help: 'why these builds are approved; stands in each new grant' },
    by: { value: 'NAME', help: 'the person who approves them' },
    until: { value: 'DAY', help: 'the last day of the new grants, such as 2027-01-31' },
    'allow-host': {
      value: 'GLOB',
      repeatable: true,
      grants: true,
      heading: 'Further grants',
      help: 'hosts that the plugins may reach by HTTP',
    },
    'allow-path': {
      value: 'PATH',
      repeatable: true,
      grants: true,
      help: 'folders that the plugins may use; ro:PATH to read only',
    },
    'allow-config': {
      value: 'KEY',
      repeatable: true,
      grants: true,
      help: 'config keys that the plugins may read',
    },
    trace: {
      value: 'FILE',
      repeatable: true,
      heading: 'Files',
      help: 'a trace in the format jsonl: the lock notes the imports that these builds used in it',
    },
    lock: { value: 'FILE', help: `default: ${LOCK_FILE}` },
    policy: { value: 'FILE', help: `default: ${POLICY_FILE}` },
    json: { help: 'with --check: print the differences as JSON' },
  },
  examples: [
    'plugboard lock greet.wasm --reason "reviewed 1.2" --by ann',
    'plugboard lock --check greet.wasm',
    'plugboard lock greet.wasm --reason "reviewed 1.2" --trace trace.jsonl',
    'plugboard lock greet.wasm --reason "needs the weather" --allow-host api.example.com',
  ],
  run: async (paths, values) => {
    const files = await openFiles(values);
    const reports = await Promise.all(paths.map(path => report(path, files.lockPath)));
    return values.check ? check(reports, files, values.json) : write(reports, files, values);
  },
});

interface Reported {
  path: string;
  /** As the lock names it. */
  name: string;
  report: AuditReport;
}

/** @throws {CliError} FILE for a file that is not valid wasm */
async function report(path: string, lockPath: string): Promise<Reported> {
  const report = await reportOf(await readInputFile(path));
  if (!report.modules.every(({ valid }) => valid))
    throw new CliError('FILE', `${path}: expected a wasm module, got another file; see plugboard inspect`);
  const name = relative(dirname(resolve(lockPath)), resolve(path))
    .split(sep)
    .join('/');
  return { path, name, report };
}

interface Files {
  lockPath: string;
  policyPath: string;
  lock: LockFile;
  policy: PolicyFile;
}

async function openFiles(values: {
  lock: string | undefined;
  policy: string | undefined;
  trace: readonly string[];
}): Promise<Files> {
  const { lock: lockPath = LOCK_FILE, policy: policyPath = POLICY_FILE } = values;
  refuseSharedFiles([
    ...values.trace.map(path => ({ name: '--trace', path })),
    { name: '--lock', path: lockPath, isWritten: true },
    { name: '--policy', path: policyPath, isWritten: true },
  ]);
  const text = async (path: string) =>
    existsSync(path) ? new TextDecoder().decode(await readInputFile(path)) : null;
  const [lockText, policyText] = [await text(lockPath), await text(policyPath)];
  return {
    lockPath,
    policyPath,
    lock: lockText === null ? { version: LOCK_VERSION, plugins: [] } : readLockFile(lockText, lockPath),
    policy:
      policyText === null
        ? { version: POLICY_VERSION, plugins: [] }
        : readPolicyFile(policyText, policyPath).data,
  };
}

interface WriteValues {
  reason: string | undefined;
  by: string | undefined;
  until: string | undefined;
  'allow-host': readonly string[];
  'allow-path': readonly string[];
  'allow-config': readonly string[];
  trace: readonly string[];
}

async function write(reports: readonly Reported[], files: Files, values: WriteValues): Promise<number> {
  const { reason, by, until } = values;
  const fail = (message: string) => {
    throw new CliError('USAGE', `${message}; see plugboard lock --help`);
  };
  if (!reason?.trim()) return fail('--reason is missing: expected the reason why these builds are approved');
  if (until !== undefined && endOf(until) === undefined)
    return fail(`--until: expected a day such as 2027-01-31, got ${JSON.stringify(until)}`);
  if (until !== undefined && endOf(until)! < Date.now())
    return fail(`--until: expected a day that has not ended, got ${until}`);
  const approval = { reason, ...(by && { by }), ...(until && { until }) };
  const further: Partial<PolicyGrant>[] = [
    ...values['allow-host'].map(host => ({ host })),
    ...values['allow-path'].map(path =>
      path.startsWith('ro:') ? { path: path.slice(3) } : { path, access: 'write' as const },
    ),
    ...values['allow-config'].map(config => ({ config })),
  ];
  let state: { lock: LockFile; policy: PolicyFile } = files;
  const traces = await Promise.all(values.trace.map(async path => readTrace(await readInputFile(path))));
  for (const { name, report } of reports) {
    const uses = traces.flatMap(events => usesIn(events, report));
    state = approve(name, report, state, approval, further, Date.now(), uses);
  }
  // Read again before they are written: a grant of the command line may be wrong, and a file too long to be read again.
  const [lockText, policyText] = [printFile(state.lock), printFile(state.policy)];
  readLockFile(lockText, files.lockPath);
  readPolicyFile(policyText, files.policyPath);
  // The policy comes last: if one of the two cannot be written, nothing new is allowed.
  await replace(files.lockPath, lockText);
  await replace(files.policyPath, policyText);
  await writeStdout(`${[files.lockPath, files.policyPath].map(printable).join('\n')}\n`);
  return 0;
}

async function replace(path: string, text: string): Promise<void> {
  try {
    const file = await AtomicFile.open(path);
    await file.read(() => null);
    await file.replace(text);
  } catch (error) {
    throw new CliError('FILE', `${path}: ${reasonOf(error)}`, { cause: error });
  }
}

async function check(reports: readonly Reported[], files: Files, json: boolean): Promise<number> {
  const nowMs = Date.now();
  const checked = reports.map(({ path, name, report }) => ({
    path,
    name,
    differences: compareWithLock(name, report, { ...files, nowMs }),
  }));
  const lines = json
    ? JSON.stringify(checked, null, 2).split('\n')
    : checked.flatMap(({ path, name, differences }) => describe(path, name, differences, files));
  await writeStdout(`${lines.map(printable).join('\n')}\n`);
  return checked.every(({ differences }) => differences.length === 0) ? 0 : 1;
}

function describe(
  path: string,
  name: string,
  differences: readonly LockDifference[],
  files: Files,
): string[] {
  if (differences.length === 0) return [`${name}: approved`];
  return [
    `${name}: not approved`,
    ...differences.flatMap(({ message, path }) => [
      `  ${message}`,
      ...(path ? [`      by ${path.join(' → ')}`] : []),
    ]),
    '',
    '  A person approves it with:',
    `  ${approvingCommand(path, differences, files)}`,
  ];
}

/** Returns the command that approves a build. Its reason names the powers that the build gains. */
function approvingCommand(path: string, differences: readonly LockDifference[], files: Files): string {
  const gained = differences.flatMap(({ code, message }) =>
    code === 'power-gained' ? [message.replace('+ ', '')] : [],
  );
  const reason = gained.length > 0 ? `gains ${gained.join(', ')}` : 'a build without new powers';
  const options = [
    ...(files.lockPath === LOCK_FILE ? [] : ['--lock', files.lockPath]),
    ...(files.policyPath === POLICY_FILE ? [] : ['--policy', files.policyPath]),
  ];
  const file = path.startsWith('-') ? `./${path}` : path;
  return ['plugboard', 'lock', file, ...options, '--reason', reason].map(quote).join(' ');
}

/** Quotes a word for a shell. */
const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
