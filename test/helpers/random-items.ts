import { body, encodeModule, functionType, type PlainType } from '../../abi/encode.ts';
import { missingFeatures } from '../../src/engine/features.ts';
import type { Random } from './random.ts';

export interface Type {
  params: readonly PlainType[];
  results: readonly PlainType[];
}

export interface Sized {
  imported: boolean;
  min: number;
  max?: number | undefined;
}

/** The items that code can refer to, by index. */
export interface Items {
  types: readonly Type[];
  /** Indices of types. Function 0 is the imported `host.log`. */
  functions: readonly number[];
  tables: readonly Sized[];
  memories: readonly Sized[];
  globals: readonly { imported: boolean; type: PlainType; mutable: boolean }[];
  /** Indices of types with at most one parameter and no result. */
  tags: readonly number[];
  /** Indices of the functions that are in table 0 from its start. */
  elements: readonly number[];
  dataCount: number;
  /** The form of exception handling. Engines refuse a module that uses both. */
  exceptions: 'older' | 'newer' | undefined;
  /** Index of the global that counts down; null for code that may run for ever. */
  fuel: number | null;
}

const moduleWith = (...listing: string[]) =>
  encodeModule({ type: [functionType([], [])], function: [[0]], tag: [[0, 0]], code: [body(listing)] });
/** The features that are used only where the engine has them. */
export const FEATURES = {
  tailCalls: missingFeatures(['tail-call']).length === 0,
  severalMemories: missingFeatures(['multimemory']).length === 0,
  olderExceptions: WebAssembly.validate(moduleWith('try', 'catch_all', 'end')),
  exceptions: WebAssembly.validate(moduleWith('try_table catch_all 0', 'end')),
};

const NUMBERS: readonly PlainType[] = ['i32', 'i64', 'f32', 'f64'];
/** Type 0 and function 0 are those of `log`; type 1 and function 1 those of the start function. */
const LOG: Type = { params: ['i32'], results: [] };
const NOTHING: Type = { params: [], results: [] };
export function randomItems(random: Random, endless: boolean): Items {
  const types: Type[] = [LOG, NOTHING];
  const some = (most: number, of: readonly PlainType[]) =>
    Array.from({ length: random.below(most + 1) }, () => random.pick(of));
  for (let count = 2 + random.below(4); count > 0; count--)
    types.push({ params: some(3, [...NUMBERS, 'funcref']), results: some(2, NUMBERS) });
  const functions = [0, 1, ...Array.from({ length: 1 + random.below(4) }, () => random.below(types.length))];
  const importedFirst = <T extends { imported: boolean }>(items: T[]) =>
    items.sort((one, other) => Number(other.imported) - Number(one.imported));
  const isImported = () => random.below(4) === 0;
  const sized = (min: number, growth: number) => ({ imported: isImported(), min, max: min + growth });
  const globals = Array.from({ length: random.below(4) }, () => ({
    imported: isImported(),
    type: random.pick(NUMBERS),
    mutable: random.below(3) > 0,
  }));
  const memories: Sized[] = Array.from(
    { length: FEATURES.severalMemories && random.below(3) === 0 ? 2 : 1 },
    () => sized(1, random.below(5)),
  );
  if (!endless && random.below(8) === 0) memories[0]!.max = undefined;
  const withoutResult = types.flatMap(({ params, results }, index) =>
    results.length === 0 && params.length < 2 && params[0] !== 'funcref' ? [index] : [],
  );
  const forms = [
    ...(FEATURES.olderExceptions ? (['older'] as const) : []),
    ...(FEATURES.exceptions ? (['newer'] as const) : []),
  ];
  const exceptions = forms.length > 0 ? random.pick(forms) : undefined;
  return {
    types,
    functions,
    tables: importedFirst(Array.from({ length: 1 + random.below(2) }, () => sized(8, random.below(8)))),
    memories: importedFirst(memories),
    globals: [...importedFirst(globals), { imported: false, type: 'i32', mutable: true }],
    tags: exceptions ? Array.from({ length: 1 + random.below(2) }, () => random.pick(withoutResult)) : [],
    elements: Array.from({ length: 1 + random.below(7) }, () => random.below(functions.length)),
    dataCount: 1 + random.below(3),
    exceptions,
    fuel: endless ? null : globals.length,
  };
}
