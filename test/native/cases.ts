import { type Call, type Case, type CaseFile, readCaseFile, readIndex, toBytes } from '../helpers/cases.ts';
import { readText } from '../helpers/host.ts';
import type { NativeCall, NativeRun, Scenario } from './native.ts';
import { withoutTry } from './wat.ts';

/** A case of fixtures/ that calls a plugin. */
export interface GivenCase {
  file: CaseFile;
  given: Case & { calls: Call[] };
  /** The module, as native takes it. */
  module: { path: string } | { data: string };
  /** Why native is not asked, or null. */
  leftOut: string | null;
}

/** Names of limits in cases → in native manifests. */
const LIMITS = { maxPages: 'max_pages', maxVarBytes: 'max_var_bytes' } as const;

/** The engine of native refuses legacy exceptions, so it gets this module without the functions that catch them. */
const CATCHING = 'faults';

export const readCases = (): GivenCase[] => {
  const text = withoutTry(readText(`fixtures/${CATCHING}/${CATCHING}.wat`));
  return readIndex().flatMap(folder => {
    const file = readCaseFile(folder);
    const isCut = folder === CATCHING;
    const module = isCut
      ? { data: base64Of(Buffer.from(text)) }
      : { path: `fixtures/${folder}/${file.wasm}` };
    const cases = file.cases.filter((given): given is GivenCase['given'] => given.calls !== undefined);
    return cases.map(given => ({ file, given, module, leftOut: reasonAgainst(given, isCut ? text : null) }));
  });
};

/** @param text The text of a module from which functions were removed, else null */
function reasonAgainst({ calls }: GivenCase['given'], text: string | null): string | null {
  if (calls.some(({ error }) => error?.code === 'host-function-failed'))
    return 'its host function fails, and the Python package does not pass that on';
  // The names of missing functions are asked for on purpose.
  const isMissing = ({ function: name, error }: Call) =>
    error?.code !== 'function-not-found' && !text?.includes(`(export "${name}"`);
  return text !== null && calls.some(isMissing) ? 'its module catches legacy exceptions' : null;
}

export function scenarioOf({ file, given, module }: GivenCase): Scenario {
  const { config, memory } = given.manifest ?? {};
  const limits = Object.entries(memory ?? {}).map(([key, value]) => [
    LIMITS[key as keyof typeof LIMITS],
    value,
  ]);
  return {
    manifest: {
      ...(config && { config }),
      ...(memory && { memory: Object.fromEntries(limits) as object }),
      wasm: [module],
    },
    wasi: given.wasi ?? true,
    logLevel: given.logLevel === 'silent' ? 'off' : (given.logLevel ?? 'trace'),
    functions: Object.entries(file.hostFunctions ?? {}).flatMap(([namespace, functions]) =>
      Object.entries(functions).map(([name, { params, results, returns }]) => ({
        namespace,
        name,
        params: params.length,
        results: results.length,
        returns: returns ? base64Of(toBytes(returns)) : null,
      })),
    ),
    calls: given.calls.map(call => ({
      name: call.function,
      input: call.input ? base64Of(toBytes(call.input)) : '',
    })),
  };
}

const base64Of = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/**
 * Returns how the results of native differ from a case: in outputs, in whether a call fails, in texts of plugins and in exit
 * codes. Native has no codes of errors, and the names in cases are plugboard's.
 */
export function differencesOf({ given }: GivenCase, { results, signal }: NativeRun): string[] {
  if (signal !== null) return [`signal ${signal} ended the process`];
  return given.calls.flatMap((call, index) => {
    const result = results[index];
    if (!result || !('code' in result)) return index === 0 ? [`no plugin: ${JSON.stringify(result)}`] : [];
    const difference = differenceOf(call, result);
    return difference === null ? [] : [`call ${index + 1}, ${call.function}: ${difference}`];
  });
}

function differenceOf({ output, error }: Call, result: NativeCall): string | null {
  const hasFailed = result.error !== null || result.code !== 0;
  if (hasFailed !== (error !== undefined))
    return hasFailed ? `failed: ${result.error ?? result.code}` : 'succeeded';
  if (error) {
    const { message, exitCode } = error;
    // The text of `Plugin::call`: the C API leaves it to its callers.
    const told = result.error ?? `Returned non-zero exit code: ${result.code}`;
    if (message !== undefined && told !== message) return `error ${told}`;
    if (message === undefined && exitCode !== undefined && result.code !== exitCode)
      return `code ${result.code}`;
    return null;
  }
  const expected = output ? base64Of(toBytes(output)) : '';
  return result.output === expected ? null : `output ${textOf(result.output)}`;
}

const textOf = (output: string | null): string =>
  output === null
    ? 'of more than 64 MiB'
    : JSON.stringify(Buffer.from(output, 'base64').toString().slice(0, 60));
