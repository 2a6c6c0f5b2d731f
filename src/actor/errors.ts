import type { ErrorCode } from '../error-codes.ts';
import { CreateError, describe as describeOther, PlugboardError } from '../errors.ts';
import { Float } from './float.ts';

/** What can go wrong above the plugin host. A plugin call that fails has the host's codes. */
export const ACTOR_ERROR_CODES = [
  {
    code: 'JSON_SYNTAX',
    when: 'A text is not JSON.',
    remedy: 'The message says at which byte, what was expected there and what came.',
  },
  {
    code: 'JSON_RANGE',
    when: 'A JSON text has a number beyond the range of a 64-bit float.',
    remedy: 'Pass such a number as a string.',
  },
  {
    code: 'JSON_DEPTH',
    when: 'Arrays and objects are nested so deep that plugins could not read them: the limit is that of serde_json.',
    remedy: 'Make the value flatter, or pass it as a string of JSON.',
  },
  {
    code: 'JSON_VALUE',
    when: 'JSON cannot carry a value: NaN, an infinity, undefined, a function, a class instance, a cycle, half a surrogate pair.',
    remedy: 'The message has the path of the value, such as payload.x.data.',
  },
  {
    code: 'MSGPACK_SYNTAX',
    when: 'Bytes are not one value of MessagePack, or have what is not exchanged: extension types, keys other than strings and integers.',
    remedy: 'The message says at which byte, what was expected there and what came.',
  },
  {
    code: 'INVALID_CONFIG',
    when: 'A ScriptConfig, or an option of the actor, has an unknown key, a key in both spellings, or a value of the wrong type; or an object is given where no options are read.',
    remedy: 'Correct what the message names.',
  },
  {
    code: 'INVALID_MESSAGE',
    when: 'A packet is not an object of port → message, or the data of a message has not the type that the message says.',
    remedy: 'Make messages with Message.integer(5) and its like.',
  },
  {
    code: 'INVALID_RESULT',
    when: 'The output of the plugin is no ActorResult; of a plugin of the SDK of April 2025, no object of port → value.',
    remedy: 'A fault of the plugin: it must output {"outputs": {…}, "state": …}.',
  },
  {
    code: 'INVALID_METADATA',
    when: 'The output of get_metadata is no plugin metadata.',
    remedy: 'A fault of the plugin; the message has the path.',
  },
  {
    code: 'MODULE_TOO_LARGE',
    when: 'The wasm of an actor has more bytes than it may. A ModuleError of kind TooLarge.',
    remedy: 'Make a release build, strip it with wasm-opt, or raise limits.moduleBytes.',
  },
  {
    code: 'INVALID_PACKET',
    when: 'The plugin called __send_output with JSON other than an object. The cause of a HOST_FUNCTION_FAILED.',
    remedy: 'A fault of the plugin.',
  },
  {
    code: 'NOT_PROCESSING',
    when: 'The plugin called a host function of actors outside a message, such as from get_metadata. The cause of a HOST_FUNCTION_FAILED or INIT_FAILED.',
    remedy: 'A fault of the plugin: state and outputs exist only while it processes a message.',
  },
  {
    code: 'STATE_STORE_FAILED',
    when: 'The state store that was given threw, or loaded no Map; of a FileState, the file cannot be read or written, or another program has changed it during the call. The call counts as failed.',
    remedy: 'The cause is what it threw.',
  },
  {
    code: 'STATE_TOO_LARGE',
    when: 'A call leaves a state over its limit: the call fails, and the state from before it is kept. Or the state that an actor begins with, or its store loads, is over the limit.',
    remedy:
      'Let the plugin keep less, or raise limits.stateBytes (and limits.inputBytes, which holds config and payload too). For a stored state that is too large, do that, or commit a smaller one to the store. On the command line, give --input-bytes or another state file.',
  },
  {
    code: 'INVALID_STATE_FILE',
    when: 'A file given for the state is not a state file of a version that is known: other JSON, a bare object, or a file of a newer plugboard. The file is left as it is.',
    remedy:
      'Correct the path. For a bare object that is the state of an actor, as plugboard 0.1 wrote it, give the option adopt, or --adopt on the command line.',
  },
  {
    code: 'CALLBACK_FAILED',
    when: 'Another function that was given to the actor threw, such as onDiagnostic. For listeners of events a diagnostic, since they are no part of the call.',
    remedy: 'The cause is what it threw.',
  },
  {
    code: 'INPUT_LIMIT',
    when: 'A payload, or payload, config and state together, are more bytes than one call may be given.',
    remedy: 'Pass less at once, clear the state, or raise limits.inputBytes.',
  },
  {
    code: 'OUTPUT_LIMIT',
    when: 'The result of a call and what it handed to host functions are more bytes than one call may give, or the output of get_metadata, get_version or validate_config is too long.',
    remedy: 'Let the plugin give less at once, or raise limits.outputBytes.',
  },
  {
    code: 'PACKET_LIMIT',
    when: 'A call sent more packets than one call may. The cause of a HOST_FUNCTION_FAILED.',
    remedy: 'Let the plugin send less at once, or raise limits.packets.',
  },
  {
    code: 'ENV_MISSING',
    when: 'A node of a graph requires an environment variable that is not given, or not allowed.',
    remedy: 'Give it in environment, and allow it in allowedEnv.',
  },
  {
    code: 'MISSING_PORT',
    when: 'A payload lacks an inport that the plugin requires, or that is waited for.',
    remedy:
      'Send a message for each port that the message names, or leave requirePorts and awaitAllInports out.',
  },
  {
    code: 'UNKNOWN_PORT',
    when: 'A message is sent to a port that the plugin does not have, while messages for all of its ports are waited for.',
    remedy: 'Send to one of the ports that the message names.',
  },
  {
    code: 'UNKNOWN_MODULE',
    when: 'A ModuleLoader is asked for a name that nothing was loaded under.',
    remedy: 'Load it first; the message lists the names there are.',
  },
  {
    code: 'ACTOR_STOPPED',
    when: 'The actor was stopped, by its user or by its error policy.',
    remedy:
      'Create a new one; the state can be handed over. The cause, if there is one, is the failure that stopped it.',
  },
  {
    code: 'MESSAGE_SKIPPED',
    when: 'Diagnostic: an output of the plugin is no message. It is left out, as upstream.',
    remedy: 'A fault of the plugin: a message has a known type, and data.',
  },
  {
    code: 'MESSAGE_DEFAULTED',
    when: 'Diagnostic: the data of a message from the plugin has the wrong type. It is replaced by 0, false, "", [] or no bytes, as upstream.',
    remedy: 'A fault of the plugin; 5.0 is no Integer.',
  },
  {
    code: 'NO_METADATA',
    when: 'Diagnostic: the plugin exports no get_metadata, so its component and ports are not known.',
    remedy: 'A fault of the plugin; plugins of the SDK of April 2025 are taken without.',
  },
  {
    code: 'STATE_WRITES_DISCARDED',
    when: 'Diagnostic: a call set keys of the state and then returned a state without them, which replaces all, as upstream. Or a call failed, and the state that it had set cannot be kept.',
    remedy:
      "Let the plugin return all of its state or none, or use statePolicy: 'merge'. For a failed call the message has the reason.",
  },
  {
    code: 'STATE_IGNORED',
    when: 'Diagnostic: the state that the plugin returned is neither an object nor null. The state stays as it is, as upstream.',
    remedy: 'A fault of the plugin.',
  },
] as const satisfies readonly ErrorCode[];

/** The last ones are codes of the host that fit here as well. */
export type ActorErrorCode =
  | (typeof ACTOR_ERROR_CODES)[number]['code']
  | 'UNSUPPORTED'
  | 'ABORTED'
  | 'INVALID_UTF8'
  | 'TEXT_TOO_LONG'
  | 'TOO_MANY_VALUES'
  | 'INVALID_HANDLE';

export class ActorError extends PlugboardError {
  override readonly name: string = 'ActorError';
  constructor(code: ActorErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** For `readOptions`: wrong values of options that are handed on to `createPlugin` have its code. */
export const refuseOption = (message: string, code?: string): never => {
  throw code === 'INVALID_OPTION'
    ? new CreateError(code, message)
    : new ActorError((code ?? 'INVALID_CONFIG') as ActorErrorCode, message);
};

/** Something wrong that the actor layer tolerates, as data. With `strict` it is thrown instead. */
export interface ActorDiagnostic {
  code: ActorErrorCode;
  message: string;
}

export type Report = (diagnostic: ActorDiagnostic) => void;

/** Makes every diagnostic an error. */
export const strictly: Report = ({ code, message }) => {
  throw new ActorError(code, message);
};

/** Describes a value that somebody else gave, for an error message, in a few words. */
export function describe(value: unknown): string {
  if (value instanceof Float) return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return describeOther(value);
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== 'Object' ? `an object of class ${name}` : 'an object';
}
