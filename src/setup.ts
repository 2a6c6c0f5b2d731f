import { type EnvImports, Kernel, type KernelTier, kernelImports } from '../abi/index.ts';
import { LineSink } from '../wasi/index.ts';
import { CreateError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { Diagnostic } from './options.ts';
import type { Settings } from './settings.ts';

// What a plugin is put together from, made as its settings say.

export function createKernel(settings: Settings): Kernel {
  return new Kernel({
    maxBytes: settings.maxKernelBytes,
    maxVarBytes: settings.maxVarBytes,
    config: settings.config,
    logLevel: settings.logLevel,
    exposesHttpHeaders: settings.exposesHttpHeaders,
    onLog: (level, text) => settings.logger[level](text),
    onDiagnostic: (diagnostic: Diagnostic) => settings.onDiagnostic?.(diagnostic),
    strict: settings.strict,
  });
}

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

export function lineSink(...receivers: (((line: string) => void) | undefined)[]): LineSink {
  return new LineSink({
    onLine: line => {
      for (const receive of receivers) receive?.(line);
    },
    maxLineBytes: LIMITS.stdioLineBytes.default,
    keepLines: LIMITS.stdioLines.default,
    keepBytes: LIMITS.stdioBytes.default,
  });
}
