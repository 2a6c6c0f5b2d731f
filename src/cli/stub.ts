import type { CallContext, HostFunction, HostFunctions } from '../node.ts';
import type { Option } from './command.ts';
import { CliError } from './errors.ts';

export const STUB_OPTION = {
  grants: true,
  value: 'IMPORT[=VALUE]',
  repeatable: true,
  help:
    'put a function in place of the missing host function NAMESPACE.NAME. It\n' +
    'returns 0, or VALUE: a number, or a text in a new block, as its handle',
} as const satisfies Option;

/** Returns the host functions of `--stub` options, added to those in `functions`. @throws {CliError} USAGE */
export function withStubs(texts: readonly string[], functions: HostFunctions = {}): HostFunctions {
  const all = new Map(Object.entries(functions));
  for (const [namespace, name, stub] of texts.flatMap(readStub)) {
    all.set(namespace, Object.fromEntries([...Object.entries(all.get(namespace) ?? {}), [name, stub]]));
  }
  return Object.fromEntries(all);
}

/** Both parts of an import may have dots, as in `syscall/js.valueGet`: the stub serves every way to split the text. */
function readStub(text: string): [namespace: string, name: string, stub: HostFunction][] {
  const [label = '', value] = text.split(/=(.*)/s);
  const stub = stubOf(value);
  const dots = [...label.matchAll(/(?<=.)\.(?=.)/gs)];
  if (dots.length === 0) {
    const expected = 'expected NAMESPACE.NAME[=VALUE], such as extism:host/user.read';
    throw new CliError('USAGE', `--stub: ${expected}, got ${JSON.stringify(text)}`);
  }
  return dots.map(({ index }) => [label.slice(0, index), label.slice(index + 1), stub]);
}

/** The host turns a missing result into zeros of the types that the import declares. */
function stubOf(value: string | undefined): HostFunction {
  if (value === undefined) return () => {};
  if (/^-?\d+$/.test(value)) return () => BigInt(value);
  if (/^-?\d+\.\d+$/.test(value)) return () => Number(value);
  return (context: CallContext) => context.store(value);
}
