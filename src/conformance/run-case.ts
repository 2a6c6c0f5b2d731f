import { runActor } from './actor-case.ts';
import type { Case, CaseFile, Folders, HostFunctionCase, HostFunctionCases } from './case.ts';
import {
  type AnswerHostCall,
  type Host,
  HostLost,
  type HostValue,
  Refused,
  type Scenario,
  type Served,
} from './host.ts';
import {
  type HostCall,
  judgeAlternatives,
  judgeBytes,
  judgeError,
  judgeFolders,
  judgeRequests,
  type Terms,
  toHostValue,
} from './judge.ts';
import { mapValues, toBytes } from './spelled.ts';

export interface Verdict {
  id: string;
  /** `alternative`: each end is one that the case allows, but not the first one. */
  status: 'passed' | 'alternative' | 'failed' | 'skipped';
  /** Differences of a failed case, or the features that the host lacks. */
  reasons: readonly string[];
  /** Rows of the alternatives that fitted. */
  rows: readonly string[];
}

/** An export that plugins do not have. A host may make a plugin only when it is first called. */
const NO_EXPORT = 'conformance_probe';

/** The features that a case needs: those of its module and its own. */
export const requirements = (file: CaseFile, given: Case): string[] => [
  ...new Set([...(file.requires ?? []), ...(given.requires ?? [])]),
];

/** Runs a case on a host. @param folder the folder of the case, such as `abi` */
export async function runCase(host: Host, folder: string, file: CaseFile, given: Case): Promise<Verdict> {
  const { id } = given;
  const lacking = requirements(file, given).filter(name => !host.capabilities.has(name));
  if (lacking.length > 0) return { id, status: 'skipped', reasons: lacking, rows: [] };
  const rows: string[] = [];
  try {
    const reasons = await problemsOf(host, folder, file, given, rows);
    const status = reasons.length > 0 ? 'failed' : rows.length > 0 ? 'alternative' : 'passed';
    return { id, status, reasons, rows };
  } catch (error) {
    if (!(error instanceof HostLost)) throw error;
    return { id, status: 'failed', reasons: [error.message], rows: [] };
  }
}

async function problemsOf(
  host: Host,
  folder: string,
  file: CaseFile,
  given: Case,
  rows: string[],
): Promise<string[]> {
  const server = given.server ? await host.serve(given.server) : null;
  const terms: Terms = { has: name => host.capabilities.has(name), origin: server?.origin ?? '' };
  try {
    const problems = given.command
      ? await runCommand(host, `${folder}/${file.wasm}`, given)
      : await runPlugin(host, folder, file, given, terms, rows);
    return [...problems, ...judgeServer(given, server)];
  } finally {
    await server?.close();
  }
}

const judgeServer = ({ requests }: Case, server: Served | null): string[] =>
  server && requests ? judgeRequests(server.requests, requests, server.origin) : [];

function scenarioOf(folder: string, file: CaseFile, given: Case): Scenario {
  const modules = given.manifest?.wasm ?? [{ path: file.wasm }];
  const functions = given.process || given.actor ? ACTOR_SHAPES(given) : functionsOf(file, given);
  return {
    id: given.id,
    manifest: {
      ...given.manifest,
      wasm: modules.map(module => ({ ...module, path: pathOf(folder, module.path) })),
    },
    wasi: given.wasi ?? true,
    logLevel: given.logLevel ?? 'trace',
    httpHeaders: given.httpHeaders ?? false,
    folders: given.folders ?? {},
    hostFunctions: Object.entries(functions).flatMap(([namespace, named]) =>
      Object.entries(named).map(([name, { params, results, waits }]) => ({
        namespace,
        name,
        params,
        results,
        waits,
      })),
    ),
  };
}

const functionsOf = (file: CaseFile, given: Case): HostFunctionCases => {
  const own = given.hostFunctions ?? {};
  const all = { ...file.hostFunctions, ...own };
  return mapValues(all, (_, namespace) => ({ ...file.hostFunctions?.[namespace], ...own[namespace] }));
};

/** `../other/file.wasm` is a file of another folder. */
const pathOf = (folder: string, path: string): string =>
  path.startsWith('../') ? path.slice(3) : `${folder}/${path}`;

/** The host functions of actors. They of the SDK of April 2025 all have a result. */
const ACTOR_SHAPES = ({ actor }: Case): HostFunctionCases => {
  const results = actor?.protocol === 'ports' ? (['i64'] as const) : [];
  return {
    'extism:host/user': {
      __send_output: { params: ['handle'], results },
      __get_state: { params: ['handle'], results: ['handle'] },
      __set_state: { params: ['handle', 'handle'], results },
    },
  };
};

async function runPlugin(
  host: Host,
  folder: string,
  file: CaseFile,
  given: Case,
  terms: Terms,
  rows: string[],
): Promise<string[]> {
  const scenario = scenarioOf(folder, file, given);
  if (given.process || given.actor)
    return host.actor?.(scenario, given) ?? runActor(host, scenario, file, given, terms);
  const functions = functionsOf(file, given);
  let hostCalls: HostCall[] = [];
  const answer: AnswerHostCall = ({ namespace, name }, values) => {
    hostCalls.push({ function: name, arguments: values });
    return answerOf(functions[namespace]?.[name]);
  };
  if (given.error) return judgeRefusal(host, scenario, answer, given.error, terms);
  const session = await openOrNull(host, scenario, answer);
  if ('refused' in session) return [`the plugin cannot be made: ${session.refused.message}`];
  const problems: string[] = [];
  try {
    for (const [index, call] of (given.calls ?? []).entries()) {
      hostCalls = [];
      const seen = await session.call(call.function, toBytes(call.input ?? { text: '' }, terms.origin));
      const end = judgeAlternatives(call, seen, hostCalls, terms);
      if ('problems' in end)
        problems.push(...end.problems.map(problem => `call ${index + 1}, ${call.function}: ${problem}`));
      else if (end.row !== null) rows.push(end.row);
    }
    if (given.foldersAfter) problems.push(...judgeFolders(await session.foldersAfter(), given.foldersAfter));
  } finally {
    await session.close();
  }
  return problems;
}

function answerOf(does: HostFunctionCase | undefined): ReturnType<AnswerHostCall> {
  if (does?.throws !== undefined) return { fails: does.throws };
  if (does?.callsPlugin !== undefined) return { callsPlugin: does.callsPlugin };
  const value: HostValue | null = does?.returns ? toHostValue(does.returns) : null;
  return { value };
}

async function openOrNull(host: Host, scenario: Scenario, answer: AnswerHostCall) {
  try {
    return await host.open(scenario, answer);
  } catch (error) {
    if (error instanceof Refused) return { refused: error.error };
    throw error;
  }
}

/** A host may make its plugin at the first call, which then fails. */
async function judgeRefusal(
  host: Host,
  scenario: Scenario,
  answer: AnswerHostCall,
  expected: NonNullable<Case['error']>,
  terms: Terms,
): Promise<string[]> {
  const session = await openOrNull(host, scenario, answer);
  if ('refused' in session) return judgeError(session.refused, expected, terms);
  const { error } = await session.call(NO_EXPORT, new Uint8Array(0));
  await session.close();
  if (error?.name === 'function-not-found')
    return [`expected that the plugin cannot be made: ${expected.code}`];
  return judgeError(error, expected, { has: name => name !== 'error-names' && terms.has(name) });
}

async function runCommand(host: Host, path: string, given: Case): Promise<string[]> {
  const { args = [], env = {}, stdin, mounts = {}, exitCode, stdout, stderr } = given.command!;
  const folders: Folders = given.folders ?? {};
  const input = toBytes(stdin ?? { text: '' });
  if (!host.command) return ['the host says that it runs commands, and has no function for it'];
  const seen = await host.command({ path, args, env, stdin: input, mounts, folders });
  return [
    ...(seen.exitCode === exitCode ? [] : [`exit code: expected ${exitCode}, got ${seen.exitCode}`]),
    ...(stdout ? judgeBytes('stdout', seen.stdout, toBytes(stdout)) : []),
    ...(stderr ? judgeBytes('stderr', seen.stderr, toBytes(stderr)) : []),
    ...(given.foldersAfter ? judgeFolders(seen.folders, given.foldersAfter) : []),
  ];
}
