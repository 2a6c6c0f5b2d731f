/** Powers that functions for actors give a plugin. */
export type ReflowCapability = 'packets' | 'state';

export interface ReflowFunction {
  /** The first type is that of the current SDK. The second is used by the SDK of April 2025. */
  types: readonly string[];
  capability: ReflowCapability;
}

const NAMESPACE = 'extism:host/user';

/** Functions that actors import. */
export const REFLOW_FUNCTIONS: ReadonlyMap<string, ReflowFunction> = new Map<string, ReflowFunction>([
  ['__send_output', { types: ['(i64) -> ()', '(i64) -> (i64)'], capability: 'packets' }],
  ['__get_state', { types: ['(i64) -> (i64)'], capability: 'state' }],
  ['__set_state', { types: ['(i64, i64) -> ()', '(i64, i64) -> (i64)'], capability: 'state' }],
]);

export const findReflow = (namespace: string, name: string): ReflowFunction | undefined =>
  namespace === NAMESPACE ? REFLOW_FUNCTIONS.get(name) : undefined;
