import {
  aCount,
  aFlag,
  type OptionTable,
  orNull,
  readArgument,
  readOptions,
  refuseExtra,
} from '../../wasi/options.ts';
import { aModule, refuseOption } from '../given/option-keys.ts';
import { type BuiltFacts, builtFacts } from '../module/built.ts';
import type { Preparation } from '../module/prepare.ts';
import { aHash } from './policy-file.ts';

const pages = { ...aCount('pages'), default: 'not known' };

export const PREPARATION_KEYS: OptionTable<Preparation> = {
  of: 'prepared of builtModule',
  rows: {
    hasChecks: { ...aFlag, default: 'none', required: true },
    hasFuel: { ...aFlag, default: 'false' },
    hasFresh: { ...aFlag, default: 'false' },
    initialPages: { ...aCount('pages'), default: 'none', required: true },
    growthPages: { ...orNull(aCount('pages')), default: 'none', required: true },
    startPages: pages,
    maxPages: pages,
    hiddenPages: pages,
  },
};

export const BUILT_FACTS: OptionTable<BuiltFacts> = {
  of: 'builtModule(module, facts)',
  rows: {
    sha256: { ...aHash, default: 'none', required: true },
    fileSha256: { ...aHash, default: 'none', required: true },
    prepared: {
      type: 'an object, see below',
      check: (value, where, refuse) => readOptions(PREPARATION_KEYS, value, where, refuse),
      default: 'the bytes keep no limit',
    },
  },
};

/**
 * Notes the hashes and limits of a compiled module, whose bytes cannot be read, and returns it. The wrappers that plugboard/esbuild
 * and plugboard/vite print call it. @throws {CreateError} INVALID_OPTION
 */
export function builtModule(module: WebAssembly.Module, facts: BuiltFacts): WebAssembly.Module;
export function builtModule(
  module: WebAssembly.Module,
  facts: BuiltFacts,
  ...extra: unknown[]
): WebAssembly.Module {
  refuseExtra(extra, 'builtModule', refuseOption);
  const own = readArgument(aModule, module, 'builtModule', refuseOption);
  builtFacts.set(own, Object.freeze(readOptions(BUILT_FACTS, facts, 'builtModule', refuseOption)));
  return own;
}
