import type { ImportName, ReportedImport } from '../../audit/index.ts';
import { excerpt, PlugboardError } from '../../errors.ts';
import type { CallContext } from '../../host/context.ts';
import type { HostFunction, HostFunctions, WasmValue } from '../../host/function.ts';

/**
 * The ways in which the page answers in place of a host function. `zero`: zeros of the declared types. `number`: a number.
 * `text`: a new block with a text. `echo`: a new block with the bytes of the first argument, or that number.
 */
export type AnswerKind = 'zero' | 'number' | 'text' | 'echo';

/** The answer that a person has chosen for a host function. `value` counts for numbers and texts. */
export interface Answer {
  readonly kind: AnswerKind;
  readonly value: string;
}

/** A function that the module imports and that neither the kernel nor WASI has. */
export interface MissingFunction extends ImportName {
  /** Key of its answer. */
  readonly id: string;
  readonly type: string | null;
  /** The answers that its type allows. The first is that of a function for which nothing was chosen. */
  readonly kinds: readonly AnswerKind[];
}

/** Lists the functions that a person has to answer for, each once. */
export function missingFunctions(imports: readonly ReportedImport[]): readonly MissingFunction[] {
  const missing = new Map<string, MissingFunction>();
  for (const { namespace, name, kind, type, origin } of imports) {
    if (kind !== 'function' || (origin !== 'host' && origin !== 'reflow')) continue;
    const id = JSON.stringify([namespace, name]);
    if (!missing.has(id)) missing.set(id, { id, namespace, name, type, kinds: kindsOf(type) });
  }
  return [...missing.values()];
}

/** A number of a type may be the handle of a block if it has 64 bits. */
function kindsOf(type: string | null): readonly AnswerKind[] {
  const [, params, results] = /^\((.*)\) -> \((.*)\)$/.exec(type ?? '(i64) -> (i64)') ?? [];
  const [first] = (params ?? '').split(', ');
  if (!/^[if]\d+$/.test(results ?? '')) return ['zero'];
  if (results !== 'i64') return first === results ? ['zero', 'number', 'echo'] : ['zero', 'number'];
  return first === 'i64' ? ['zero', 'number', 'text', 'echo'] : ['zero', 'number', 'text'];
}

/**
 * Makes the host functions that give the answers.
 * @throws {PlugboardError} INVALID_OPTION for a text that is not a number where a number is the answer
 */
export function hostFunctionsOf(
  missing: readonly MissingFunction[],
  answers: ReadonlyMap<string, Answer>,
): HostFunctions {
  const namespaces = new Map<string, [name: string, fn: HostFunction][]>();
  for (const item of missing) {
    const functions = namespaces.get(item.namespace) ?? [];
    namespaces.set(item.namespace, functions);
    functions.push([item.name, functionOf(item, answers.get(item.id))]);
  }
  return Object.fromEntries([...namespaces].map(([namespace, all]) => [namespace, Object.fromEntries(all)]));
}

function functionOf(item: MissingFunction, answer: Answer | undefined): HostFunction {
  const kind = answer && item.kinds.includes(answer.kind) ? answer.kind : 'zero';
  const value = answer?.value ?? '';
  switch (kind) {
    case 'zero':
      return () => {};
    case 'number': {
      const number = readNumber(item, value.trim());
      return () => number;
    }
    case 'text':
      return (context: CallContext) => context.store(value);
    case 'echo':
      return (context: CallContext, first: WasmValue) => {
        const block = typeof first === 'bigint' ? context.read(first) : null;
        return block ? context.store(block.bytes()) : first;
      };
  }
}

function readNumber({ namespace, name }: MissingFunction, text: string): WasmValue {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  if (/^-?\d*\.\d+(e[+-]?\d+)?$/i.test(text)) return Number(text);
  throw new PlugboardError(
    'INVALID_OPTION',
    `the answer of ${excerpt(`${namespace} ${name}`)}: expected a number such as 7 or -0.5, got ${JSON.stringify(excerpt(text))}`,
  );
}
