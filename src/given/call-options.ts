import {
  aFlag,
  aSignal,
  aText,
  type OptionTable,
  type Refuse,
  readArgument,
  readOptions,
  refuseExtra,
} from '../../wasi/options.ts';
import { CallError } from '../call-error.ts';

export interface CallOptions {
  /**
   * Ends the call when the signal fires: while the call waits for its turn, while the plugin is suspended, or while it runs in
   * a worker. Code that runs on this thread cannot be stopped.
   */
  signal?: AbortSignal | undefined;
}

export interface ResetOptions {
  /** Puts the variables back too, to those of the option `vars`. Default: false. */
  vars?: boolean | undefined;
}

const ofCreatePlugin = 'it is an option of createPlugin';

export const CALL_OPTIONS: OptionTable<CallOptions> = {
  of: 'plugin.call(name, input, hostContext, options)',
  nullIsLeftOut: true,
  rows: {
    signal: {
      ...aSignal,
      default: 'none',
      where: 'while the call waits for its turn, is suspended or in a worker; elsewhere before it begins',
    },
  },
  hints: { timeoutMs: ofCreatePlugin, timeout: 'timeoutMs is an option of createPlugin' },
};

export const RESET_OPTIONS: OptionTable<ResetOptions> = {
  of: 'plugin.reset(options)',
  rows: { vars: { ...aFlag, default: 'false' } },
};

const refuse: Refuse = (message, _code, options) => {
  throw new CallError('INVALID_OPTION', message, options);
};

/** @throws {CallError} INVALID_OPTION */
export const readCallOptions = (options: unknown): CallOptions =>
  readOptions(CALL_OPTIONS, options ?? undefined, 'call', refuse);
/** @throws {CallError} INVALID_OPTION */
export const readResetOptions = (options: unknown): ResetOptions =>
  readOptions(RESET_OPTIONS, options, 'reset', refuse);
/** @throws {CallError} INVALID_OPTION for the name of an export or variable that is not a string */
export const refuseName = (name: never, method = 'call'): void =>
  void readArgument(aText, name, `${method}: name`, refuse);
/** @throws {CallError} INVALID_OPTION for an object among the extra arguments, which the method would ignore */
export const refuseArguments = (method: string, extra: readonly unknown[]): void =>
  refuseExtra(extra, method, refuse);
