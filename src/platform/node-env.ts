import { printable } from '../values/printable.ts';

interface DenoEnv {
  permissions: { querySync(what: { name: 'env'; variable: string }): { state: string } };
  env: { get(variable: string): string | undefined };
}

/** Reads a variable of the environment. Undefined where reading it is not permitted: Deno would ask the user. */
export function readEnvironment(variable: string): string | undefined {
  const { Deno } = globalThis as { Deno?: DenoEnv };
  if (!Deno) return process.env[variable];
  // Not `process.env`: on Deno the name `process` takes 12 ms.
  const isPermitted = Deno.permissions.querySync({ name: 'env', variable }).state === 'granted';
  return isPermitted ? Deno.env.get(variable) : undefined;
}

/** Reads the variable of the other Extism hosts. */
export const printsWasiOutput = (): boolean => Boolean(readEnvironment('EXTISM_ENABLE_WASI_OUTPUT'));

/** Returns a function that prints lines of the host's debug log, if the environment asks for it. */
export function debugLog(print: (line: string) => void): ((line: string) => void) | undefined {
  if (!wantsDebugLog(readEnvironment('PLUGBOARD_LOG'), readEnvironment('RUST_LOG'))) return undefined;
  return line => print(`plugboard: debug: ${printable(line)}`);
}

/**
 * Whether `PLUGBOARD_LOG=debug`, or `RUST_LOG` as Reflow's users set it, asks for the debug log. Rust programs read a list of
 * directives, such as `warn,reflow_script=debug`; a directive without a target is for all.
 */
const wantsDebugLog = (own = '', rust = ''): boolean =>
  own
    ? own === 'debug'
    : rust.split(',').some(directive => /^(?:reflow_script=)?(?:debug|trace)$/.test(directive.trim()));
