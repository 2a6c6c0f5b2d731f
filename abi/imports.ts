import { compileAccessors } from './accessors.ts';
import { isError, isModule } from './brands.ts';
import { envFunctions } from './env.ts';
import { AbiError, readForeign, refuseOption } from './errors.ts';
import { Kernel } from './kernel.ts';
import { kind, type OptionTable, oneOf, readArgument, readOptions, refuseExtra } from './options.ts';
import type { EnvImports } from './signatures.ts';

/** `reference`: every function in TypeScript. `accessors`: loads and stores in wasm over the same memory. */
export type KernelTier = 'reference' | 'accessors';

export interface KernelImportOptions {
  /** Implementation of loads and stores. Default: `accessors` where the platform compiles bytes, otherwise `reference`. */
  tier?: KernelTier | undefined;
  /** The compiled accessor module. Needed where the platform cannot compile bytes. */
  accessors?: WebAssembly.Module | undefined;
}

export const KERNEL_IMPORT_OPTIONS: OptionTable<KernelImportOptions> = {
  of: 'kernelImports(kernel, options)',
  rows: {
    tier: { ...oneOf(['reference', 'accessors']), default: 'accessors where the platform compiles bytes' },
    accessors: {
      ...kind('a WebAssembly.Module', isModule),
      default: 'compiled from its bytes',
    },
  },
};

const aKernel = kind('a Kernel', value => value instanceof Kernel);

/**
 * Returns the import object's `extism:host/env` for a plugin that runs on this kernel.
 * @throws {AbiError} INVALID_OPTION; UNSUPPORTED when `tier` is `accessors` and the platform cannot compile them
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
  readArgument(aKernel, kernel, 'kernelImports: kernel', refuseOption);
  const { tier, accessors: given } = read;
  const accessors = tier === 'reference' ? null : (given ?? compileAccessors());
  if (tier === 'accessors' && !accessors) {
    throw new AbiError(
      'UNSUPPORTED',
      'this platform compiles no wasm bytes: hand in the compiled accessor module, or use "reference"',
    );
  }
  const reference = Object.fromEntries(
    Object.entries(envFunctions(kernel)).map(([name, fn]) => [name, guard(kernel, fn)]),
  ) as unknown as EnvImports;
  if (!accessors) return { tier: 'reference', imports: reference };

  const alloc = guard(kernel, (length: number) => kernel.memory.alloc(length));
  const env = { memory: kernel.memory.memory, alloc, output_set: reference.output_set };
  const { exports } = readForeign('accessors', () => new WebAssembly.Instance(accessors, { kernel: env }));
  return { tier: 'accessors', imports: { ...reference, ...(exports as object) } };
}

type AnyImport = (first: never, second: never) => unknown;

/** Wraps a function: it throws once the call was ended, and an exception in it ends the call. */
function guard(kernel: Kernel, fn: AnyImport): AnyImport {
  // No function has more than two parameters. A rest parameter would cost more time than many of the functions themselves.
  return (first: never, second: never) => {
    kernel.check();
    try {
      return fn(first, second);
    } catch (error) {
      // A logger may throw any value. It is wrapped, because the kernel takes undefined for "the call was not ended".
      return kernel.stop(
        isError(error)
          ? error
          : new AbiError('HOST_FUNCTION_FAILED', 'a callback threw a value that is not an Error', {
              cause: error,
            }),
      );
    }
  };
}
