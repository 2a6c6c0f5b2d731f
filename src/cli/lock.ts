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
import { noteOutputs, readInputFile } from './files.ts';
import { shellWord } from './shell.ts';
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
    check: {
      not: ['reason', 'by', 'until', 'allow-host', 'allow-path', 'allow-config', 'trace'],
      help: 'compare, and write nothing',
    },
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
    json: { needs: 'check', help: 'with --check: print the differences as JSON' },
  },
  examples: [
    'plugboard lock greet.wasm --reason "reviewed 1.2" --by ann',
    'plugboard lock --check greet.wasm',
    'plugboard lock greet.wasm --reason "reviewed 1.2" --trace trace.jsonl',
    'plugboard lock greet.wasm --reason "needs the weather" --allow-host api.example.com',
  ],
  run: async (paths, values) => {
    const { lock: lockPath = LOCK_FILE, policy: policyPath = POLICY_FILE } = values;
    const reports = await Promise.all(paths.map(path => report(path, lockPath)));
    const files = { lockPath, policyPath };
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
}

interface Content {
  lock: LockFile;
  policy: PolicyFile;
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Reads lock and policy; a missing file is an empty one. @param read returns null for a missing file */
async function readContent(
  { lockPath, policyPath }: Files,
  read: (path: string) => Promise<Uint8Array | null>,
): Promise<Content> {
  const [lock, policy] = [await read(lockPath), await read(policyPath)];
  return {
    lock: lock === null ? { version: LOCK_VERSION, plugins: [] } : readLockFile(textOf(lock), lockPath),
    policy:
      policy === null
        ? { version: POLICY_VERSION, plugins: [] }
        : readPolicyFile(textOf(policy), policyPath).data,
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
  noteOutputs([
    { name: '--lock', path: files.lockPath },
    { name: '--policy', path: files.policyPath },
  ]);
  const traces = await Promise.all(values.trace.map(async path => readTrace(await readInputFile(path))));
  const change = (before: Content): Content => {
    let { lock, policy } = before;
    for (const { name, report } of reports) {
      const uses = traces.flatMap(events => usesIn(events, report));
      ({ lock, policy } = approve(name, report, { lock, policy }, approval, further, Date.now(), uses));
    }
    // One change of the file, of however many builds.
    if (policy !== before.policy) policy = { ...policy, sequence: (before.policy.sequence ?? 0) + 1 };
    return { lock, policy };
  };
  let tries = 1;
  while (!(await changeFiles(files, change, tries === MOST_TRIES))) tries++;
  await writeStdout(`${[files.lockPath, files.policyPath].map(printable).join('\n')}\n`);
  return 0;
}

/** Each failed try is a change of another program. */
const MOST_TRIES = 100;

/**
 * Reads lock and policy, changes them, and writes them. Returns false if another program has changed one of them meanwhile.
 * @throws {CliError} FILE, also for such a change at the last try
 */
async function changeFiles(
  files: Files,
  change: (before: Content) => Content,
  isLast: boolean,
): Promise<boolean> {
  const [lockFile, policyFile] = [await open(files.lockPath), await open(files.policyPath)];
  const before = await readContent(files, path => {
    const file = path === files.lockPath ? lockFile : policyFile;
    return file.read(bytes => bytes);
  });
  const after = change(before);
  // Read again before they are written: a grant of the command line may be wrong, and a file too long to be read again.
  const [lockText, policyText] = [printFile(after.lock), printFile(after.policy)];
  readLockFile(lockText, files.lockPath);
  readPolicyFile(policyText, files.policyPath);
  // The policy comes last: if one of the two cannot be written, nothing new is allowed.
  for (const [path, file, text] of [
    [files.lockPath, lockFile, lockText],
    [files.policyPath, policyFile, policyText],
  ] as const) {
    try {
      await file.replace(text);
    } catch (error) {
      if (file.hasChanged() && !isLast) return false;
      throw new CliError('FILE', `${path}: ${reasonOf(error)}`, { cause: error });
    }
  }
  return true;
}

async function open(path: string): Promise<AtomicFile> {
  try {
    return await AtomicFile.open(path);
  } catch (error) {
    throw new CliError('FILE', `${path}: ${reasonOf(error)}`, { cause: error });
  }
}

async function check(reports: readonly Reported[], files: Files, json: boolean): Promise<number> {
  const nowMs = Date.now();
  const content = await readContent(files, async path => (existsSync(path) ? readInputFile(path) : null));
  const checked = reports.map(({ path, name, report }) => ({
    path,
    name,
    differences: compareWithLock(name, report, { ...content, nowMs }),
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
  return ['plugboard', 'lock', file, ...options, '--reason', reason].map(word => shellWord(word)).join(' ');
}
