import { isModule } from '../../../wasi/brands.ts';
import { readModule } from '../../wasm/reader.ts';
import { USER_NAMESPACE } from './host-functions.ts';

/**
 * The form of input and output. `context`: the input is an `ActorContext`, the output an `ActorResult`. `ports`: both are
 * objects of port → plain value, as in the SDK of April 2025.
 */
export type Protocol = 'context' | 'ports';

/** Properties of a module that are known before it is compiled. */
export interface Outline {
  protocol: Protocol;
  /** Initial pages of all its memories; null for a compiled module, which does not show them. */
  initialPages: number | null;
}

/** Host functions that had a result in the SDK of April 2025. */
const HAD_RESULT = ['__send_output', '__set_state'];

/**
 * Reads the outline of a module. Modules of the old SDK are recognised by the types of their imports. A compiled module does
 * not show these types, so it counts as one of the current SDK.
 */
export function outlineOf(source: Uint8Array | WebAssembly.Module): Outline {
  if (isModule(source)) return { protocol: 'context', initialPages: null };
  const { imports, exports, memories } = readModule(source);
  const hadResult = imports.some(
    item =>
      item.kind === 'function' &&
      item.namespace === USER_NAMESPACE &&
      HAD_RESULT.includes(item.name) &&
      item.type?.results.join() === 'i64',
  );
  const hasMetadata = exports.some(({ name, kind }) => name === 'get_metadata' && kind === 'function');
  return {
    protocol: hadResult && !hasMetadata ? 'ports' : 'context',
    initialPages: memories.reduce((sum, { initialPages }) => sum + initialPages, 0),
  };
}
