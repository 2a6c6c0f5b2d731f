import {
  aFlag,
  aText,
  kind,
  type OptionTable,
  orNull,
  readArgument,
  readOptions,
  refuseExtra,
} from '../../../wasi/options.ts';
import { refuseOption } from '../errors.ts';
import { isStateModule, type StateModule } from './state-file.ts';

export interface FileStateOptions {
  /** Whether a JSON object that is not a state file is read as the state, and replaced by a state file. Default: no. */
  adopt?: boolean | undefined;
  /** The module that writes the state from now on; the file names it. Default: null, not known. */
  module?: StateModule | null | undefined;
}

const aModule = orNull<StateModule>(kind('{"sha256": 64 hexadecimal digits in lower case}', isStateModule));

export const FILE_STATE_OPTIONS: OptionTable<FileStateOptions> = {
  of: 'FileState.open(path, options)',
  rows: {
    adopt: {
      ...aFlag,
      default: 'false',
      grants: 'the replacement of a JSON object that is not a state file',
    },
    module: { ...aModule, default: 'null' },
  },
};

/** @throws {ActorError} INVALID_CONFIG, also for an object among the arguments that `open` does not have */
export function readFileStateOptions(options: unknown, extra: readonly unknown[] = []): FileStateOptions {
  refuseExtra(extra, 'FileState.open', refuseOption);
  return readOptions(FILE_STATE_OPTIONS, options, 'FileState', refuseOption);
}

/** @throws {ActorError} INVALID_CONFIG */
export const readStateModule = (module: StateModule | null): StateModule | null =>
  readArgument(aModule, module, 'FileState.module', refuseOption) ?? null;

/** @throws {ActorError} INVALID_CONFIG */
export const checkStatePath = (path: string): void =>
  void readArgument(aText, path, 'FileState.open: path', refuseOption);
