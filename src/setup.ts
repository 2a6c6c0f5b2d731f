import { type EnvImports, Kernel, type KernelTier, kernelImports } from '../abi/index.ts';
import { LineSink } from '../wasi/index.ts';
import { CreateError } from './errors.ts';
import { hostFailure, isStackOverflow } from './host-function.ts';
import { LIMITS } from './limits.ts';
import type { Diagnostic } from './options.ts';
import type { Settings } from './settings.ts';

// What a plugin is put together from, made as its settings say.

export function createKernel(settings: Settings): Kernel {
  const kernel: Kernel = new Kernel({
    maxBytes: settings.maxKernelBytes,
    maxVarBytes: settings.maxVarBytes,
    config: settings.config,
    logLevel: settings.logLevel,
    exposesHttpHeaders: settings.exposesHttpHeaders,
    onLog: (level, text) => orStop(kernel, `option.logger.${level}`, () => settings.logger[level](text)),
    onDiagnostic: diagnostic => tell(kernel, settings, diagnostic),
    strict: settings.strict,
  });
  return kernel;
}

/** What a callback throws, which may be anything, ends the call. */
function orStop(kernel: Kernel, what: string, callback: () => void): void {
  try {
    callback();
  } catch (error) {
    kernel.stop(isStackOverflow(error) ? (error as Error) : hostFailure(what, error));
  }
}

export const tell = (kernel: Kernel, settings: Settings, diagnostic: Diagnostic): void =>
  orStop(kernel, 'option.onDiagnostic', () => settings.onDiagnostic?.(diagnostic));

/** @throws {CreateError} UNSUPPORTED where the platform cannot provide the tier that is asked for */
export function connect(
  kernel: Kernel,
  { kernel: tier, accessors }: Settings,
): { tier: KernelTier; imports: EnvImports } {
  try {
    return kernelImports(kernel, { tier, accessors });
  } catch (error) {
    throw new CreateError('UNSUPPORTED', `option.kernel: ${(error as Error).message}`, { cause: error });
  }
}

/** Hands lines to the caller's receiver, if there is one, and to `print`. */
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
        // Not thrown: to WASI, that would be an error of the device, which programs may ignore.
        kernel.markEnded(hostFailure(`option.${name}`, error));
      }
      print?.(line);
    },
    maxLineBytes: LIMITS.stdioLineBytes.default,
    keepLines: LIMITS.stdioLines.default,
    keepBytes: LIMITS.stdioBytes.default,
  });
}
