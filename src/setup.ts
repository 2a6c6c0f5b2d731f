import {
  type AbiError,
  compileAccessors,
  type EnvImports,
  Kernel,
  type KernelTier,
  kernelImports,
} from '../abi/index.ts';
import type { Clock, LineSink, Preopen } from '../wasi/index.ts';
import type { CreateErrorCode } from './error-codes.ts';
import { CreateError, messageOf } from './errors.ts';
import type { WatchedBudgets } from './given/budgets.ts';
import type { Diagnostic } from './given/options.ts';
import type { Settings } from './given/settings.ts';
import { coded } from './host/function.ts';
import type { Tap } from './host/tap.ts';
import type { Execution, Limits } from './link/execution.ts';
import { hasChecks, hasFuel, type LinkPlan, modulesOf } from './link/plan.ts';
import type { Platform } from './platform/types.ts';
import type { Budget } from './run/budget.ts';
import type { CallSite } from './run/call.ts';
import type { Deadline } from './run/deadline.ts';
import type { Fresh } from './run/fresh.ts';
import { type HostCalls, InlineCalls, WaitingCalls } from './run/host-calls.ts';
import { type AsyncImport, httpImport, localImport, refusedHttpImport } from './run/host-imports.ts';
import { suspendingClock } from './run/interrupt.ts';
import type { ChosenMode, Mode } from './run/mode.ts';
import { type PluginReport, reportOn } from './run/report.ts';
import { LocalRunner, type Runner } from './run/runner.ts';
import { Turns } from './run/turns.ts';
import { OutputCopier } from './values/output.ts';

// Makes the parts of a plugin from its settings.

/** @throws {CreateError} MEMORY_LIMIT where the engine has no room for another memory; VAR_LIMIT and others for the option `vars` */
function createKernel(settings: Settings): Kernel {
  let kernel: Kernel;
  try {
    kernel = makeKernel(settings);
  } catch (error) {
    const message = `the engine has no room for another memory; close plugins that are done: ${messageOf(error)}`;
    throw new CreateError('MEMORY_LIMIT', message, { cause: error });
  }
  try {
    presetVars(kernel, settings);
  } catch (error) {
    const { code, message } = error as AbiError;
    throw new CreateError(code as CreateErrorCode, `option.vars: ${message}`, { cause: error });
  }
  return kernel;
}

function makeKernel(settings: Settings): Kernel {
  const kernel: Kernel = new Kernel({
    maxBytes: settings.maxKernelBytes,
    limitedBy: settings.kernelLimitedBy,
    maxVarBytes: settings.maxVarBytes,
    config: settings.config,
    logLevel: settings.logLevel,
    exposesHttpHeaders: settings.exposesHttpHeaders,
    onLog: (level, text) =>
      orStop(
        kernel,
        coded(`option.logger.${level}`, () => settings.logger[level]?.(text)),
      ),
    onDiagnostic: diagnostic => tell(kernel, settings, diagnostic),
    strict: settings.strict,
  });
  return kernel;
}

/** Gives a plugin the variables of the option `vars`, and no other. @throws {AbiError} VAR_LIMIT, VARS_DISABLED, TEXT_TOO_LONG */
export function presetVars({ vars }: Kernel, settings: Settings): void {
  vars.clear();
  for (const [name, value] of settings.vars) vars.set(name, value);
}

/** Runs a callback of the user, made by `coded`. If it throws, ends the call with that error. */
function orStop<T>(kernel: Kernel, callback: () => T): T {
  try {
    return callback();
  } catch (error) {
    return kernel.stop(error as Error);
  }
}

const tell = (kernel: Kernel, settings: Settings, diagnostic: Diagnostic): void =>
  orStop(kernel, () => settings.onDiagnostic?.(diagnostic));

/**
 * Returns the kernel functions for this thread, and the tier that the plugin gets. A plugin in a worker has its loads and stores
 * in the worker, so this thread uses the reference functions.
 * @throws {CreateError} UNSUPPORTED if the platform cannot provide the requested tier
 */
function connect(
  kernel: Kernel,
  mode: Mode,
  { kernel: asked, accessors, trace }: Settings,
  tap: Decided['tap'],
): { tier: KernelTier; imports: EnvImports } {
  // A listener gets calls of functions in JavaScript only.
  const tier = asked ?? (trace ? 'reference' : undefined);
  try {
    const isElsewhere = mode === 'worker';
    const made = kernelImports(kernel, isElsewhere ? { tier: 'reference' } : { tier, accessors });
    const imports = { ...made.imports, http_request: tap?.http(kernel) ?? refusedHttpImport(kernel) };
    if (!isElsewhere) return { tier: made.tier, imports };
    return { tier: tier ?? (compileAccessors('shared') ? 'accessors' : 'reference'), imports };
  } catch (error) {
    throw new CreateError('UNSUPPORTED', `option.kernel: ${messageOf(error)}`, { cause: error });
  }
}

/** Where a plugin without WASI would print. */
const NO_OUTPUT: Pick<LineSink, 'write' | 'lines' | 'flush' | 'clear'> = {
  write: () => {},
  lines: [],
  flush: () => {},
  clear: () => {},
};

/** The decisions of `createPlugin`, from which the parts of a plugin are made. */
export interface Decided extends ChosenMode {
  platform: Platform;
  settings: Settings;
  plan: LinkPlan;
  limits: Limits;
  folders: Readonly<Record<string, Preopen>>;
  /** Budgets of policies that refuse nothing. */
  watched: readonly WatchedBudgets[];
  /** Undefined without the option `record`. */
  tap: Tap<Settings> | undefined;
}

export interface PluginParts extends Pick<Decided, 'settings' | 'mode' | 'syncRefusal'> {
  execution: Execution;
  report: PluginReport;
  site: CallSite;
  /** Null unless the plugin is metered. */
  deadline: Deadline | null;
  runner: Runner;
  turns: Turns;
  /** Null unless each call begins with the state after initialisation. */
  fresh: Fresh | null;
}

/**
 * Loads the code that only some plugins need. Calls load nothing.
 * @throws {CreateError} VAR_LIMIT, VARS_DISABLED; UNSUPPORTED if the platform cannot provide the requested tier
 */
export async function assemble(decided: Decided): Promise<PluginParts> {
  const { platform, limits, mode, syncRefusal, folders, tap } = decided;
  const isCapped = (limits.maxGrowthPages ?? limits.memoryPages) !== undefined;
  const growth = isCapped ? (await import('./run/growth.ts')).memoryLimits(decided) : null;
  const { settings } = growth ?? decided;
  const kernel = createKernel(settings);
  const outputs = new OutputCopier(kernel.memory);
  const waiting = waitingCalls(decided, kernel, outputs);
  const calls = waiting ?? new InlineCalls(kernel, outputs);
  const budget =
    settings.budgets || decided.watched.length > 0 ? await budgetFor(decided, kernel, calls) : null;
  const { tier, imports: uncounted } = connect(kernel, mode, settings, tap);
  const imports = budget?.imports(uncounted) ?? uncounted;
  const plan = budget?.plan(decided.plan) ?? decided.plan;
  const freshness = limits.fresh ? { inPlace: false, why: null } : null;
  const report = reportOn(plan, mode, tier, limits, growth?.share, freshness);
  const wasi = report.wasi ? await import('./run/with-wasi.ts') : null;
  const prints = wasi && (settings.enableWasiOutput ?? platform.printsWasiOutput?.());
  const print = prints ? platform.print : null;
  const stdout = wasi?.lineSink(kernel, 'stdout', settings, print) ?? NO_OUTPUT;
  const stderr = wasi?.lineSink(kernel, 'stderr', settings, print) ?? NO_OUTPUT;
  const onDiagnostic = (diagnostic: Diagnostic) => tell(kernel, settings, diagnostic);
  const trace =
    settings.trace &&
    (await import('./run/tracing.ts')).follow(kernel, plan, report, settings, settings.trace);
  const sinks = budget ? { stdout: budget.sink(stdout), stderr: budget.sink(stderr) } : { stdout, stderr };
  const execution: Execution = {
    plan,
    limits,
    tier,
    kernel,
    ...sinks,
    onDiagnostic,
    listener: trace?.listener,
  };
  const deadline =
    limits.metered === null
      ? null
      : new (await import('./run/deadline.ts')).Deadline(limits.timeoutMs!, kernel, () => calls.isActive);
  const http = waiting && (await httpFor(decided, kernel, waiting, budget));
  const streams = [stdout, stderr];
  // A plugin with WASI may leave a line without its line end.
  const flush = () => streams.forEach(stream => void stream.flush());
  if (mode === 'worker') await platform.loadWorker?.();
  const outside = { clock: clockFor(decided, calls, deadline), random: platform.random, preopens: folders };
  const fuelled = hasFuel(plan) ? await import('./run/fuel.ts') : null;
  const runner =
    mode === 'worker'
      ? new (await import('./run/worker/runner.ts')).WorkerRunner(execution, {
          platform,
          settings,
          tap,
          kernelImports: { ...imports, ...(http && { http_request: http }) },
          hostCall: waiting!,
        })
      : new LocalRunner(
          execution,
          {
            kernelImports: imports,
            http,
            hostImport: link => localImport(link, calls),
            wasi: tap?.outside(outside) ?? outside,
            createWasi: wasi?.createWasi ?? null,
            seeWasi: trace && report.wasi ? (await import('../wasi/seen.ts')).seeWasi : null,
            suspends: mode === 'suspending',
            checks: hasChecks(plan) ? (await import('./link/checks.ts')).checksOn(kernel, deadline) : null,
            makeRoom: null,
            keepState: limits.fresh ? (await import('./link/fresh.ts')).keepState : null,
          },
          fuelled && new fuelled.Fuel(limits.fuel),
        );
  tap?.attach(kernel, mode, runner);
  const fuel = fuelled
    ? fuelled.fuelLimit(
        limits.fuel,
        () => runner.takeFuel(),
        units => {
          site.fuelUsed = units;
        },
      )
    : null;
  const conclude: CallSite['limit'] = budget && (outcome => budget.conclude(outcome));
  const judges = [fuel, ...(growth?.judges(kernel, runner) ?? []), conclude].filter(judge => judge !== null);
  const site: CallSite = {
    kernel,
    modules: modulesOf(plan),
    outputs,
    calls,
    flush: wasi && flush,
    printed: () => ({ stdout: stdout.lines, stderr: stderr.lines }),
    fuelUsed: null,
    trace: trace ?? null,
    tap,
    limit: judges.length > 0 ? outcome => judges.reduce((last, judge) => judge(last), outcome) : null,
  };
  const turns = new Turns(platform.keepAlive);
  const renewVars = () => presetVars(kernel, settings);
  const fresh =
    freshness &&
    new (await import('./run/fresh.ts')).Fresh(
      kernel,
      runner,
      freshness,
      renewVars,
      streams,
      tap !== undefined,
    );
  return { settings, mode, syncRefusal, execution, report, site, deadline, runner, turns, fresh };
}

async function budgetFor({ settings, watched }: Decided, kernel: Kernel, calls: HostCalls): Promise<Budget> {
  const { Budget } = await import('./run/budget.ts');
  return new Budget(settings.budgets ?? {}, watched, kernel, () => calls.isActive);
}

/** Null for a plugin whose calls never wait. */
function waitingCalls(
  { platform, settings, mode }: Decided,
  kernel: Kernel,
  outputs: OutputCopier,
): WaitingCalls | null {
  if (mode === 'inline') return null;
  const { asyncContext } = platform;
  const { queueTimeoutMs } = settings;
  return new WaitingCalls(kernel, outputs, { asyncContext, queueTimeoutMs, marksEach: mode === 'worker' });
}

/** Makes `http_request`; null if no host is allowed. */
async function httpFor(
  { platform, settings, tap }: Decided,
  kernel: Kernel,
  calls: WaitingCalls,
  budget: Budget | null,
): Promise<AsyncImport | null> {
  const { allowedHosts, allowedSchemes, allowsPrivateAddresses, maxHttpResponseBytes } = settings;
  if (allowedHosts.length === 0) return null;
  const rules = {
    allowedHosts,
    allowedSchemes,
    maxResponseBytes: maxHttpResponseBytes,
    exposesHeaders: settings.exposesHttpHeaders,
    onBytes: budget?.countBytes,
  };
  const uncounted = allowsPrivateAddresses ? (settings.fetch ?? platform.fetch) : platform.publicFetch!();
  const fetch = budget?.fetch(uncounted) ?? uncounted;
  const inPage = platform.baseUrl?.() !== undefined;
  const { httpSender } = await import('./host/http.ts');
  const send = httpSender({ ...rules, fetch, inPage }, () => calls.signal);
  return httpImport(kernel, calls, tap?.send(send) ?? send);
}

/** Returns the clock of a plugin on this thread: its sleep suspends the plugin, or ends at the deadline. */
function clockFor({ platform, mode }: Decided, calls: HostCalls, deadline: Deadline | null): Clock {
  const { clock } = platform;
  if (mode === 'suspending') return suspendingClock(clock, () => calls.signal);
  return deadline?.clock(clock) ?? clock;
}
