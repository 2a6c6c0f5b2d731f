import { reportOf } from '../../src/audit/index.ts';
import type { AuditReport } from '../../src/audit/report.ts';
import { type ImportCall, listenToImports } from '../../src/host/listener.ts';
import { CallError, createPlugin } from '../../src/node.ts';
import { is, ok } from '../helpers/assert.ts';
import { type CaseFile, runCase, type Subject } from '../helpers/cases.ts';
import type { Random } from '../helpers/random.ts';
import { HOST_TYPES, randomCalls } from '../helpers/random-calls.ts';
import { observe, randomModule } from '../helpers/random-module.ts';

/** Counts of a check, which show that it looked at something. */
export interface ReachCounts {
  /** Calls of imports while exports ran. */
  traced: number;
  /** Pairs of an export and an import that it cannot reach. */
  excluded: number;
}

/** Fails if an export called an import that is outside its reach. */
export function checkInside(
  report: AuditReport,
  exported: string,
  namespace: string,
  name: string,
  where = '',
): void {
  const { reach } = report.exports.find(item => item.name === exported && item.kind === 'function')!;
  const isInside =
    reach!.state === 'unknown' ||
    reach!.imports.some(item => item.namespace === namespace && item.name === name);
  ok(isInside, `${where}${exported} called ${namespace}.${name}, which is outside its reach`);
}

const isFunction = (value: unknown): value is (...args: unknown[]) => unknown => typeof value === 'function';

/**
 * Runs all exports of a plugin, and compares each call of the host with the report. The host also puts functions of all modules into the
 * tables and globals that it can get.
 */
export async function checkReach(random: Random): Promise<ReachCounts> {
  const { modules } = randomCalls(random);
  const report = await reportOf({ wasm: modules });
  const where = `seed ${random.seed}: `;
  const called = new Set<string>();
  let traced = 0;
  const host = Object.fromEntries(
    HOST_TYPES.map((_, index) => [
      `h${index}`,
      () => {
        traced++;
        called.add(`h${index}`);
        return 7;
      },
    ]),
  );
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = { host };
  const made: WebAssembly.Exports[] = [];
  const run = (code: () => unknown) => {
    try {
      code();
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    }
  };
  run(() => {
    for (const { name, data } of modules) {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(data), imports);
      imports[name] = exports;
      made.push(exports);
    }
  });
  const isWhole = made.length === modules.length;
  const all = made.flatMap(exports => Object.values(exports));
  const functions = all.filter(isFunction);
  if (!isWhole) return count();
  const exported = report.exports.filter(({ kind }) => kind === 'function');
  const atStart = new Set(called);
  for (const exports of made)
    for (const name of ['_initialize', '__wasm_call_ctors']) {
      const start = exports[name];
      if (isFunction(start)) run(() => start());
    }
  for (const name of called) atStart.add(name);
  for (const { name } of exported)
    for (const wanted of atStart) checkInside(report, name, 'host', wanted, where);
  for (let round = 0; round < 3; round++) {
    for (const value of functions.length > 0 ? all : []) {
      const reference = random.pick(functions);
      if (value instanceof WebAssembly.Table) value.set(random.below(value.length), reference);
      if (value instanceof WebAssembly.Global) value.value = reference;
    }
    for (const { name, type } of exported) {
      called.clear();
      const argument = type === '(i32) -> ()' || functions.length === 0 ? null : random.pick(functions);
      run(() => (made.at(-1)![name] as (argument: unknown) => unknown)(argument));
      for (const wanted of called) checkInside(report, name, 'host', wanted, where);
    }
  }
  return count();

  function count(): ReachCounts {
    return {
      traced,
      excluded: report.exports.reduce((sum, { reach }) => sum + (reach?.excludes ?? 0), 0),
    };
  }
}

/** Runs a module of `randomModule`, whose only import logs. A log line stands before the line of the export that wrote it. */
export async function checkReachOfModule(random: Random): Promise<ReachCounts> {
  const { bytes } = randomModule(random);
  const report = await reportOf(bytes);
  let traced = 0;
  let isLogged = false;
  for (const line of observe(bytes, bytes)) {
    if (line.startsWith('log ')) {
      traced++;
      isLogged = true;
      continue;
    }
    const [name] = line.split(' ');
    if (isLogged && /^f\d/.test(name!)) checkInside(report, name!, 'host', 'log', `seed ${random.seed}: `);
    isLogged = false;
  }
  return { traced, excluded: report.exports.filter(({ reach }) => reach?.excludes === 1).length };
}

/** Runs the cases of a fixture, and compares each call of an import with the report. */
export async function checkFixture(subject: Subject, { cases }: CaseFile): Promise<ReachCounts> {
  const report = await reportOf(subject.wasm);
  let traced = 0;
  let exported: string | null = null;
  const seen = new Map<string, Set<string>>();
  const watch = {
    onCall: (name: string) => {
      exported = name;
      seen.clear();
    },
    onImport: ({ namespace, name }: ImportCall) => {
      traced++;
      // One check for each import of a call is enough: a call may make millions.
      const names = seen.get(namespace) ?? new Set();
      if (names.has(name)) return undefined;
      seen.set(namespace, names.add(name));
      // Functions that run at creation count for each export.
      for (const item of report.exports)
        if (item.kind === 'function' && (exported ?? item.name) === item.name)
          checkInside(report, item.name, namespace, name);
      return undefined;
    },
  };
  for (const given of cases) {
    exported = null;
    seen.clear();
    if (given.calls && !given.actor) await runCase({ ...subject, watch }, given);
  }
  const nothing = () => 0n;
  const functions = {
    'extism:host/user': { __send_output: nothing, __get_state: nothing, __set_state: nothing },
  };
  const actors = cases.flatMap(({ actor, process }) => (process ? [actor?.entryPoint ?? 'process'] : []));
  for (const name of new Set(actors.length > 0 ? [...actors, 'get_metadata'] : [])) {
    if (!report.exports.some(item => item.name === name)) continue;
    exported = null;
    seen.clear();
    const options = listenToImports({ functions, accessors: subject.accessors }, watch.onImport);
    const { wasm } = subject;
    const plugin = await createPlugin(wasm, options);
    watch.onCall(name);
    await plugin.call(name, '{}').catch(error => {
      if (!(error instanceof CallError)) throw error;
      is(error.message.includes('outside its reach'), false, error.message);
    });
    await plugin.close();
  }
  return { traced, excluded: report.exports.reduce((sum, { reach }) => sum + (reach?.excludes ?? 0), 0) };
}
