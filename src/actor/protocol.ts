import { readModule } from '../wasm/reader.ts';
import { USER_NAMESPACE } from './host-functions.ts';

/**
 * `context`: an `ActorContext` in, an `ActorResult` out. `ports`: plain values by port, in and out, as the SDK of April
 * 2025 has it.
 */
export type Protocol = 'context' | 'ports';

/** What can be seen of a module before it is compiled. */
export interface Outline {
  protocol: Protocol;
  /** Of all its memories; null where they cannot be seen. */
  initialPages: number | null;
}

/** Host functions that had a result in the SDK of April 2025. */
const HAD_RESULT = ['__send_output', '__set_state'];

/** A compiled module does not tell the types of its imports, by which the old SDK is known: it is taken for a current one. */
export function outlineOf(source: Uint8Array | WebAssembly.Module): Outline {
  if (source instanceof WebAssembly.Module) return { protocol: 'context', initialPages: null };
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
