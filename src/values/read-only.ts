import { CallError } from '../call-error.ts';

/** Makes the methods that change a Map throw. On a copy, a change would have no effect. */
export function readOnly<Key, Value>(map: Map<Key, Value>, advice: string): ReadonlyMap<Key, Value> {
  const value = () => {
    throw new CallError('UNSUPPORTED', advice);
  };
  for (const method of ['set', 'delete', 'clear']) Object.defineProperty(map, method, { value });
  return map;
}
