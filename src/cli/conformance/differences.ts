import type { Call, CaseFile, Expectation } from '../../conformance/case.ts';
import {
  type AnswerHostCall,
  type Host,
  HostLost,
  type HostValue,
  Refused,
  type Scenario,
  type Seen,
  type SeenError,
} from '../../conformance/host.ts';
import { type HostCall, judgeCall, judgeError } from '../../conformance/judge.ts';
import { toBytes } from '../../conformance/spelled.ts';
import type { Expectations } from './expectations.ts';

/** The same calls on one host. */
export interface Run {
  host: Host;
  refused: SeenError | null;
  calls: { seen: Seen; hostCalls: readonly HostCall[]; imports: ReadonlySet<string> }[];
  /** The reason why the host ended or gave no answer. The calls from then on are missing. */
  lost: string | null;
}

export type GivenCall = Pick<Call, 'function' | 'input'>;

/**
 * Makes a plugin on a host and does the calls in order.
 * @param imports gets the functions of the host that the plugin calls, such as `env.alloc`, where the host tells them
 */
export async function runCalls(
  host: Host,
  scenario: Scenario,
  calls: readonly GivenCall[],
  answers: ReadonlyMap<string, HostValue>,
  imports: Set<string>,
): Promise<Run> {
  const run: Run = { host, refused: null, calls: [], lost: null };
  let hostCalls: HostCall[] = [];
  const answer: AnswerHostCall = ({ namespace, name }, values) => {
    hostCalls.push({ function: name, arguments: values });
    return { value: answers.get(`${namespace}.${name}`) ?? null };
  };
  try {
    const session = await host.open(scenario, answer);
    for (const call of calls) {
      hostCalls = [];
      imports.clear();
      const seen = await session.call(call.function, toBytes(call.input ?? { text: '' }));
      run.calls.push({ seen, hostCalls, imports: new Set(imports) });
    }
    await session.close();
  } catch (error) {
    if (error instanceof Refused) run.refused = error.error;
    else if (error instanceof HostLost) run.lost = error.message;
    else throw error;
  }
  return run;
}

export interface Difference {
  /** The number of the call, from 1. 0 stands for the making of the plugin. */
  call: number;
  text: string;
}

/** Returns how the other run differs from that of plugboard. Facts that one of the hosts cannot tell are not compared. */
export function differencesOf(own: Run, other: Run): Difference[] {
  const has = (name: string) => own.host.capabilities.has(name) && other.host.capabilities.has(name);
  const terms = { has, origin: '' };
  const at = (call: number, texts: readonly string[]) => texts.map(text => ({ call, text }));
  if (own.refused) return at(0, judgeError(other.refused, { code: own.refused.name }, terms));
  if (other.refused) return at(0, [`the plugin cannot be made: ${other.refused.message}`]);
  const lost = other.lost === null ? [] : at(other.calls.length + 1, [other.lost]);
  const texts = other.calls.flatMap(({ seen, hostCalls }, index) =>
    at(index + 1, judgeCall(expectationOf(own.calls[index]!), seen, hostCalls, terms)),
  );
  return [...texts, ...lost];
}

const base64 = (bytes: Uint8Array) => ({ base64: Buffer.from(bytes).toString('base64') });

/** A call of plugboard, as the expectation of a case. Only texts of the plugin itself are the same on all hosts. */
function expectationOf({ seen, hostCalls }: Pick<Run['calls'][number], 'seen' | 'hostCalls'>): Expectation {
  const { output, error, logs, stdout, stderr } = seen;
  const end = error
    ? {
        error: {
          code: error.name,
          ...(error.name === 'plugin-error' && { message: error.message }),
          ...(error.exitCode !== undefined && { exitCode: error.exitCode }),
        },
      }
    : { output: output && base64(output) };
  return {
    ...end,
    logs: [...logs],
    stdout,
    stderr,
    hostCalls: hostCalls.map(call => ({
      function: call.function,
      arguments: call.arguments.map(value =>
        value instanceof Uint8Array
          ? base64(value)
          : typeof value === 'bigint'
            ? { i64: String(value) }
            : { f64: String(value) },
      ),
    })),
  };
}

/** The part of a call that a text of a difference is about. The end of a call is the default. */
const PARTS = [/^(output|logs|stdout|stderr)/, /^calls of host/] as const;
const partOf = (text: string): string =>
  PARTS[0].exec(text)?.[1] ?? (PARTS[1].test(text) ? 'hostCalls' : 'error');
const MOST_ROWS = 5;

/**
 * Returns rows that may tell why a host differs: those of cases that use only functions which the call used. Cases that the
 * host is known to fail come first, then those that use more functions.
 */
export function rowsAbout(
  text: string,
  files: readonly CaseFile[],
  { xfail }: Expectations,
  imports: ReadonlySet<string>,
): string[] {
  const part = partOf(text);
  const found = files
    .flatMap(file => file.cases)
    .flatMap(({ id, rows = [], calls = [] }) => {
      const known = Object.hasOwn(xfail, id) ? xfail[id] : undefined;
      const others = calls.flatMap(({ alternatives = [] }) => alternatives.map(({ row }) => row));
      const told = [
        ...(known && 'row' in known ? [{ row: known.row, isKnown: 1 }] : []),
        ...others.map(row => ({ row, isKnown: 0 })),
      ];
      const functions = rows.filter(row => /^(env|wasi)\./.test(row));
      const isAbout = part === 'error' || calls.some(call => Object.hasOwn(call, part));
      const fits = told.length > 0 && isAbout && functions.every(name => imports.has(name));
      return fits ? told.map(item => ({ ...item, uses: functions.length })) : [];
    });
  const sorted = found.sort((one, other) => other.isKnown - one.isKnown || other.uses - one.uses);
  return [...new Set(sorted.map(({ row }) => row))].slice(0, MOST_ROWS);
}
