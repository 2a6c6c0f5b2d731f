import { reportOf } from '../../src/audit/index.ts';
import type { AuditReport } from '../../src/audit/report.ts';
import type { CaseFile } from '../../src/conformance/case.ts';
import type { Host } from '../../src/conformance/host.ts';
import { runCase } from '../../src/conformance/run-case.ts';
import type { ImportCall } from '../../src/host/listener.ts';
import { equal } from '../helpers/assert.ts';
import { hostHere, readModule } from '../helpers/cases.ts';
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

/** Returns that an export called an import outside its reach, or nothing. */
function problemsOf(report: AuditReport, exported: string, namespace: string, name: string): string[] {
  const { reach } = report.exports.find(item => item.name === exported && item.kind === 'function')!;
  const isInside =
    reach!.state === 'unknown' ||
    reach!.imports.some(item => item.namespace === namespace && item.name === name);
  return isInside ? [] : [`${exported} called ${namespace}.${name}, which is outside its reach`];
}

/** Fails if an export called an import that is outside its reach. */
export function checkInside(
  report: AuditReport,
  exported: string,
  namespace: string,
  name: string,
  where: string,
): void {
  equal(problemsOf(report, exported, namespace, name), [], where);
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

/** Runs the cases of a fixture, and compares each call of an import with the report on the modules of its case. */
export async function checkFixture(
  folder: string,
  file: CaseFile,
  kernel: 'reference' | 'accessors',
): Promise<ReachCounts> {
  const reports = new Map<string, AuditReport>();
  let report: AuditReport;
  let traced = 0;
  /** Null while the plugin is created: code that runs then counts for each export. */
  let exported: string | null = null;
  const seen = new Set<string>();
  const problems: string[] = [];
  const onImport = ({ namespace, name }: ImportCall) => {
    traced++;
    // One check for each import of a call is enough: a call may make millions.
    const key = `${namespace} ${name}`;
    if (seen.has(key)) return undefined;
    seen.add(key);
    for (const item of report.exports)
      if (item.kind === 'function' && (exported ?? item.name) === item.name)
        problems.push(...problemsOf(report, item.name, namespace, name));
    return undefined;
  };
  // Without its own actors, whose calls are not seen: the runner makes actors of calls.
  const { actor: _, ...plain } = hostHere({ kernel }, onImport);
  const host: Host = {
    ...plain,
    async open(scenario, answer) {
      const wasm = scenario.manifest.wasm.map(({ path, name }) => sourceOf(path, name));
      const key = JSON.stringify(scenario.manifest.wasm);
      report = reports.get(key) ?? (await reportOf({ wasm }));
      reports.set(key, report);
      exported = null;
      seen.clear();
      const session = await plain.open(scenario, answer);
      return {
        ...session,
        call(name, input) {
          exported = name;
          seen.clear();
          return session.call(name, input);
        },
      };
    },
  };
  // A plugin that cannot be made has no report.
  for (const given of file.cases) if (!given.error) await runCase(host, folder, file, given);
  equal(problems, []);
  const excluded = [...reports.values()]
    .flatMap(({ exports }) => exports)
    .reduce((sum, { reach }) => sum + (reach?.excludes ?? 0), 0);
  return { traced, excluded };
}

function sourceOf(path: string, name: string | undefined) {
  const source = readModule(path);
  return source instanceof WebAssembly.Module ? { name, module: source } : { name, data: source };
}
