import { WasiError } from '../errors.ts';
import type { GuestMemory } from '../memory.ts';
import type { Functions } from '../result.ts';
import { stringList } from './strings.ts';

/** @throws {WasiError} WASI_INVALID_ARG for an argument with a NUL, which a program would read as its end */
export function argsFunctions(
  memory: GuestMemory,
  args: readonly string[],
): Functions<'args_get' | 'args_sizes_get'> {
  for (const [index, arg] of args.entries()) {
    if (!arg.includes('\0')) continue;
    throw new WasiError(
      'WASI_INVALID_ARG',
      `args[${index}]: expected a string without NUL, which ends an argument`,
    );
  }
  const list = stringList(args);
  return {
    args_get: (argv, argvBuf) => list.writeStrings(memory, argv, argvBuf),
    args_sizes_get: (argc, argvBufSize) => list.writeSizes(memory, argc, argvBufSize),
  };
}
