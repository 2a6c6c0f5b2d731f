import { compileAccessors } from './accessors.ts';
import { type EnvImports, envFunctions } from './env.ts';
import { refuseOption } from './errors.ts';
import type { Kernel } from './kernel.ts';
import { kind, type OptionTable, oneOf, readOptions, refuseExtra } from './options.ts';

/** `reference`: every function in TypeScript. `accessors`: loads and stores in wasm over the same memory. */
export type KernelTier = 'reference' | 'accessors';

export interface KernelImportOptions {
  /** Default: `accessors` where the platform compiles bytes, else `reference`. */
  tier?: KernelTier | undefined;
  /** The compiled accessor module, where it can only be had from outside. */
  accessors?: WebAssembly.Module | undefined;
}

export const KERNEL_IMPORT_OPTIONS: OptionTable<KernelImportOptions> = {
  of: 'kernelImports(kernel, options)',
  rows: {
    tier: { ...oneOf(['reference', 'accessors']), default: 'accessors where the platform compiles bytes' },
    accessors: {
      ...kind('a WebAssembly.Module', value => value instanceof WebAssembly.Module),
      default: 'compiled from its bytes',
    },
  },
};

/**
 * The import object's `extism:host/env` for a plugin that runs on this kernel.
 * @throws {AbiError} INVALID_OPTION
 * @throws {TypeError} when the accessor tier is asked for and the platform cannot provide it
 */
export function kernelImports(
  kernel: Kernel,
  options?: KernelImportOptions,
): { tier: KernelTier; imports: EnvImports };
export function kernelImports(
  kernel: Kernel,
  options?: KernelImportOptions,
  ...extra: unknown[]
): { tier: KernelTier; imports: EnvImports } {
  refuseExtra(extra, 'kernelImports', refuseOption);
  const read = readOptions(KERNEL_IMPORT_OPTIONS, options, 'kernelImports', refuseOption);
  const { tier, accessors: given } = read;
  const accessors = tier === 'reference' ? null : (given ?? compileAccessors());
  if (tier === 'accessors' && !accessors) {
    throw new TypeError(
      'this platform compiles no wasm bytes: hand in the compiled accessor module, or use "reference"',
    );
  }
  const reference = Object.fromEntries(
    Object.entries(envFunctions(kernel)).map(([name, fn]) => [name, guard(kernel, fn)]),
  );
  if (!accessors) return { tier: 'reference', imports: reference };

  const alloc = guard(kernel, (length: number) => kernel.memory.alloc(length));
  const { exports } = new WebAssembly.Instance(accessors, {
    kernel: { memory: kernel.memory.memory, alloc, output_set: reference.output_set! },
  });
  return { tier: 'accessors', imports: { ...reference, ...(exports as EnvImports) } };
}

/** Refuses once the call was ended; what the function throws ends the call. */
function guard(kernel: Kernel, fn: EnvImports[string]): EnvImports[string] {
  // Written out for two parameters, the most there are: rest parameters cost more than many functions do.
  return (first: never, second: never) => {
    kernel.check();
    try {
      return fn(first, second);
    } catch (error) {
      // What a logger throws may be anything, and undefined would be no reason to end the call.
      return kernel.stop(
        error instanceof Error ? error : new Error('a callback threw what is no Error', { cause: error }),
      );
    }
  };
}
