import { isModule } from '../../../wasi/brands.ts';
import { type FunctionType, readModule, readSignatures } from '../../wasm/reader.ts';
import { USER_NAMESPACE } from './host-functions.ts';

/**
 * The form of input and output. `context`: the input is an `ActorContext`, the output an `ActorResult`. `ports`: both are
 * objects of port → plain value, as in the SDK of April 2025.
 */
export type Protocol = 'context' | 'ports';

/** Properties of a module that are known before it is compiled. */
export interface Outline {
  protocol: Protocol;
  /** Whether the types of imports, which cannot be seen, would tell another protocol. */
  isInDoubt: boolean;
  /** Initial pages of all its memories; null for a compiled module, which does not show them. */
  initialPages: number | null;
  /** Types of the exported functions; none for a compiled module, or for one that uses types which the reader does not know. */
  functions: ReadonlyMap<string, FunctionType> | undefined;
}

/** By the buffer of bytes that do not change. */
const known = new WeakMap<ArrayBufferLike, Outline>();

/** As `outlineOf`. The bytes do not change, so that thousands of actors of one module read it once. */
export function outlineOfOwn(source: Uint8Array | WebAssembly.Module): Outline {
  // Several modules may lie in one buffer, such as small files that Node reads.
  if (!(source instanceof Uint8Array) || source.length !== source.buffer.byteLength) return outlineOf(source);
  const outline = known.get(source.buffer) ?? outlineOf(source);
  known.set(source.buffer, outline);
  return outline;
}

/** Whether a host function had a result in the SDK of April 2025, and has none today. */
const hadResult = (namespace: string, name: string): boolean =>
  namespace === USER_NAMESPACE && ['__send_output', '__set_state'].includes(name);

const hasMetadata = (exports: readonly { name: string; kind: string }[]): boolean =>
  exports.some(({ name, kind }) => name === 'get_metadata' && kind === 'function');

/**
 * Reads the outline of a module. Modules of the old SDK are recognised by the types of their imports. A compiled module does
 * not show these types: it counts as one of the current SDK until a call of it proves otherwise.
 */
export function outlineOf(source: Uint8Array | WebAssembly.Module): Outline {
  if (isModule(source)) {
    const imports = WebAssembly.Module.imports(source);
    const isInDoubt =
      imports.some(({ module, name }) => hadResult(module, name)) &&
      !hasMetadata(WebAssembly.Module.exports(source));
    return { protocol: 'context', isInDoubt, initialPages: null, functions: undefined };
  }
  const { imports, exports, memories } = readModule(source);
  const hasOldTypes = imports.some(
    item =>
      item.kind === 'function' && hadResult(item.namespace, item.name) && item.type?.results.join() === 'i64',
  );
  return {
    protocol: hasOldTypes && !hasMetadata(exports) ? 'ports' : 'context',
    isInDoubt: false,
    initialPages: memories.reduce((sum, { initialPages }) => sum + initialPages, 0),
    functions: readSignatures(source)?.exports,
  };
}
