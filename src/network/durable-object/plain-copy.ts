import { isUint8Array } from '../../../wasi/brands.ts';
import { Float } from '../../actor/float.ts';

/** Returns a copy that RPC can send: it refuses instances of classes, such as `Float`. */
export function plainCopy<T>(value: T): T {
  const copy = (part: unknown): unknown => {
    if (part instanceof Float) return part.value;
    if (typeof part !== 'object' || part === null || isUint8Array(part)) return part;
    if (Array.isArray(part)) return part.map(copy);
    return Object.fromEntries(Object.entries(part).map(([key, member]) => [key, copy(member)]));
  };
  return copy(value) as T;
}
