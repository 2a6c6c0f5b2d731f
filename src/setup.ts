import { compileAccessors, type EnvImports, Kernel, type KernelTier, kernelImports } from '../abi/index.ts';
import { LineSink, type Preopen } from '../wasi/index.ts';
import { jspi } from './engine/jspi.ts';
import { CreateError, messageOf } from './errors.ts';
import type { Diagnostic } from './given/options.ts';
import type { Settings } from './given/settings.ts';
import { coded, hostFailure } from './host/function.ts';
import { httpSender } from './host/http.ts';
import { LIMITS } from './limits.ts';
import type { Link, LinkPlan } from './link/plan.ts';
import type { Platform } from './platform/types.ts';
import type { Deadline } from './run/deadline.ts';
import type { HostCalls } from './run/host-calls.ts';
import { httpImport, localImport } from './run/host-imports.ts';
import { suspendingClock } from './run/interrupt.ts';
import type { Mode } from './run/mode.ts';
import { LocalRunner, type Runner } from './run/runner.ts';
import { WorkerRunner } from './run/worker/runner.ts';
import { makeAsk } from './wasm/ask.ts';

// Makes the parts of a plugin from its settings.

export function createKernel(settings: Settings): Kernel {
  const kernel: Kernel = new Kernel({
    maxBytes: settings.maxKernelBytes,
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

/** Runs a callback of the user, made by `coded`. If it throws, ends the call with that error. */
function orStop(kernel: Kernel, callback: () => void): void {
  try {
    callback();
  } catch (error) {
    kernel.stop(error as Error);
  }
}

export const tell = (kernel: Kernel, settings: Settings, diagnostic: Diagnostic): void =>
  orStop(kernel, () => settings.onDiagnostic?.(diagnostic));

/**
 * Returns the kernel functions for this thread, and the tier that the plugin gets. A plugin in a worker has its loads and stores
 * in the worker, so this thread uses the reference functions.
 * @throws {CreateError} UNSUPPORTED if the platform cannot provide the requested tier
 */
export function connect(
  kernel: Kernel,
  mode: Mode,
  { kernel: tier, accessors }: Settings,
): { tier: KernelTier; imports: EnvImports } {
  try {
    if (mode !== 'worker') return kernelImports(kernel, { tier, accessors });
    const { imports } = kernelImports(kernel, { tier: 'reference' });
    return { tier: tier ?? (compileAccessors('shared') ? 'accessors' : 'reference'), imports };
  } catch (error) {
    throw new CreateError('UNSUPPORTED', `option.kernel: ${messageOf(error)}`, { cause: error });
  }
}

interface RunnerParts {
  mode: Mode;
  plan: LinkPlan;
  settings: Settings;
  platform: Platform;
  folders: Readonly<Record<string, Preopen>>;
  kernel: Kernel;
  tier: KernelTier;
  imports: EnvImports;
  hostCalls: HostCalls;
  /** Null unless the plugin is metered. */
  deadline: Deadline | null;
  stdout: LineSink;
  stderr: LineSink;
}

export function createRunner({
  mode,
  imports,
  tier,
  folders,
  hostCalls,
  deadline,
  ...parts
}: RunnerParts): Runner {
  const { settings, kernel, platform } = parts;
  const { allowedHosts, allowedSchemes, allowsPrivateAddresses, maxHttpResponseBytes, fetch } = settings;
  const onDiagnostic = (diagnostic: Diagnostic) => tell(kernel, settings, diagnostic);
  const rules = {
    allowedHosts,
    allowedSchemes,
    allowsPrivateAddresses,
    maxResponseBytes: maxHttpResponseBytes,
  };
  const send = httpSender({ ...rules, fetch: fetch ?? platform.fetch }, () => hostCalls.signal);
  const http = mode === 'inline' || allowedHosts.length === 0 ? null : httpImport(kernel, hostCalls, send);
  if (mode === 'worker') {
    const kernelImports = { ...imports, ...(http && { http_request: http }) };
    const isMetered = deadline !== null;
    return new WorkerRunner({ ...parts, kernelImports, tier, isMetered, hostCall: hostCalls, onDiagnostic });
  }
  const kernelImports = { ...imports, ...(http && { http_request: new jspi!.Suspending(http) }) };
  const hostImport = (link: Link) => localImport(link, hostCalls);
  const suspends = mode === 'suspending';
  const clock = suspends
    ? suspendingClock(platform.clock, () => hostCalls.signal)
    : (deadline?.clock(platform.clock) ?? platform.clock);
  const ask = deadline && makeAsk(() => deadline.isOver());
  const tracksGrowth = settings.maxGrowthPages !== undefined;
  const local = { ...parts, folders, kernelImports, hostImport, onDiagnostic, suspends, ask, tracksGrowth };
  return new LocalRunner({ ...local, platform: { clock, random: platform.random } });
}

/** Makes a sink that passes lines to the caller's function, if there is one, and to `print`. */
export function lineSink(
  kernel: Kernel,
  name: 'stdout' | 'stderr',
  settings: Settings,
  print: ((line: string) => void) | null,
): LineSink {
  return new LineSink({
    onLine: line => {
      try {
        settings[name]?.(line);
      } catch (error) {
        // Not thrown: WASI would report it to the program as an error of the device, which programs may ignore.
        kernel.markEnded(hostFailure(`option.${name}`, error));
      }
      print?.(line);
    },
    maxLineBytes: LIMITS.stdioLineBytes.default,
    keepLines: LIMITS.stdioLines.default,
    keepBytes: LIMITS.stdioBytes.default,
  });
}
