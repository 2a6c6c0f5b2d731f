import { PlugboardError } from '../errors.ts';

/** @throws {PlugboardError} INVALID_SCHEMA */
export function refuseSchema(message: string): never {
  throw new PlugboardError('INVALID_SCHEMA', message);
}
