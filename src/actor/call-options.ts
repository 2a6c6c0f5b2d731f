import { aFlag, aSignal, type OptionTable, orNull, readOptions, refuseExtra } from '../../wasi/options.ts';
import { ownSignal } from '../values/own.ts';
import { refuseOption } from './errors.ts';

/** The signal that ends one wait or call. */
export interface SendOptions {
  /** Ends the wait, and the call where it can be ended. */
  signal?: AbortSignal | undefined;
}

export interface StopOptions {
  /** `false` drops the packets that wait, and aborts the running call if it can be aborted. Default: true. */
  drain?: boolean | undefined;
}

const ofCreate = 'it is an option of ScriptActor.create';

export const SEND_OPTIONS: OptionTable<SendOptions> = {
  of: 'actor.process(payload, options), actor.step(state, payload, options) and inports.send(packet, options)',
  rows: {
    signal: {
      // `AbortSignal.any` joins it with the actor's own signal, and accepts only signals of this realm.
      ...orNull({ ...aSignal, check: (...given) => ownSignal(aSignal.check(...given)) }),
      default: 'none',
    },
  },
  hints: { timeoutMs: ofCreate, timeout: 'timeoutMs is an option of ScriptActor.create' },
};

export const STOP_OPTIONS: OptionTable<StopOptions> = {
  of: 'actor.stop(options)',
  rows: { drain: { ...aFlag, default: 'true' } },
};

/** @throws {ActorError} INVALID_CONFIG */
export const readSendOptions = (method: string, options: unknown): SendOptions =>
  options === undefined ? {} : readOptions(SEND_OPTIONS, options, method, refuseOption);
/** @throws {ActorError} INVALID_CONFIG */
export const readStopOptions = (options: unknown): StopOptions =>
  readOptions(STOP_OPTIONS, options, 'stop', refuseOption);
/** @throws {ActorError} INVALID_CONFIG for an object among the arguments that the method does not have */
export const refuseArguments = (method: string, extra: readonly unknown[]): void =>
  refuseExtra(extra, method, refuseOption);
