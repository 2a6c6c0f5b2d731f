import { type EnvFunctionName, type EnvImports, envSignatures } from '../../abi/index.ts';
import type { Checks } from '../wasm/ask.ts';
import type { HostImport } from './imports.ts';
import type { Link } from './plan.ts';

type Fn = HostImport['fn'];

/** Blocks of so many bytes and more take long to allocate. Plugins allocate many smaller ones. */
const LONG_BYTES = 65_536n;

/**
 * Ends the call before the import runs, if its time is over: else a thousand calls of a slow one could pass between two questions of the code.
 * Functions that need only the kernel memory are short. WASI has a checkpoint of its own.
 */
export function checkedImport({ provider, name }: Link, fn: Fn, { checkpoint }: Checks): Fn {
  const checked: Fn = (...args) => {
    checkpoint();
    return fn(...args);
  };
  if (provider.kind === 'wasi') return fn;
  if (provider.kind !== 'kernel') return checked;
  if (name !== 'alloc') return envSignatures[name as EnvFunctionName][2] === 'caller' ? checked : fn;
  const alloc = fn as EnvImports['alloc'];
  return (bytes: bigint) => {
    if (bytes >= LONG_BYTES || bytes < 0n) checkpoint();
    return alloc(bytes);
  };
}
