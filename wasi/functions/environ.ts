import { WasiError } from '../errors.ts';
import type { GuestMemory } from '../memory.ts';
import type { Functions } from '../result.ts';
import { stringList } from './strings.ts';

/** @throws {WasiError} WASI_INVALID_ENV for a variable that a program would read with another name or value */
export function environFunctions(
  memory: GuestMemory,
  env: Readonly<Record<string, string>>,
): Functions<'environ_get' | 'environ_sizes_get'> {
  const refuse = (message: string): never => {
    throw new WasiError('WASI_INVALID_ENV', message);
  };
  const variables = Object.entries(env).map(([name, value]) => {
    const label = `env[${JSON.stringify(name)}]`;
    if (name === '' || /[=\0]/.test(name))
      refuse(`${label}: expected a name that is not empty, without "=" and NUL`);
    if (value.includes('\0')) refuse(`${label}: expected a string without NUL, which ends a variable`);
    return `${name}=${value}`;
  });
  const list = stringList(variables);
  return {
    environ_get: (environ, environBuf) => list.writeStrings(memory, environ, environBuf),
    environ_sizes_get: (count, environBufSize) => list.writeSizes(memory, count, environBufSize),
  };
}
