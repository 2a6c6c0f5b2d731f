import { guarded, type Refuse } from '../../wasi/options.ts';
import { describe, PlugboardError } from '../errors.ts';
import { PLUGIN_TYPES_VERSION, type PluginTypes } from './plugin-types.ts';

/** The first line of printed files: such a file may be replaced. */
export const HEADER = '// Printed by plugboard from a plugin. Changes are lost when it is printed again.';

export const refuse: Refuse = (message, _, options) => {
  throw new PlugboardError('INVALID_OPTION', message, options);
};

/** Returns a copy of a description, which may have been JSON in between. @throws {PlugboardError} INVALID_OPTION */
export function ownTypes(given: PluginTypes, where: string): PluginTypes {
  const text = guarded(where, refuse, () => JSON.stringify(given));
  const types = text === undefined ? undefined : (JSON.parse(text) as PluginTypes | null);
  if (types?.version === PLUGIN_TYPES_VERSION) return types;
  const expected = `expected a description of version ${PLUGIN_TYPES_VERSION}, as describePlugin returns it`;
  return refuse(`${where}: ${expected}, got ${describe(types?.version ?? given)}`);
}
