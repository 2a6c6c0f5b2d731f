import { aText, readArgument, refuseExtra } from '../../wasi/options.ts';
import { refuseOption } from '../given/option-keys.ts';
import { Secret } from '../values/secret.ts';

/**
 * Marks a value of the option `config`: the plugin reads it as any other, and no trace or recording shows it.
 * @throws {CreateError} INVALID_OPTION
 * @experimental
 */
export function secret(text: string): Secret;
export function secret(text: string, ...extra: unknown[]): Secret {
  refuseExtra(extra, 'secret', refuseOption);
  return new Secret(readArgument(aText, text, 'secret', refuseOption));
}
