import type { ErrorCode } from '../error-codes.ts';
import { CreateError, describe as describeOther, PlugboardError } from '../errors.ts';
import { isObject } from '../values/object.ts';
import { Float } from './float.ts';

/** Error codes of the actor layer. A plugin call that fails has a code of the plugin host. */
export const ACTOR_ERROR_CODES = [
  {
    code: 'JSON_SYNTAX',
    when: 'A text is not JSON.',
    remedy: 'The message names the byte offset, the expected character and the one found.',
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
    when: 'Bytes are not one value of MessagePack, or contain extension types or keys other than strings and integers, which are not supported.',
    remedy: 'The message names the byte offset, the expected content and the content found.',
  },
  {
    code: 'INVALID_CONFIG',
    when: 'A ScriptConfig, or an option of the actor, has an unknown key, a key in both spellings, or a value of the wrong type; or an object is given where no options are read.',
    remedy: 'Correct the option that the message names.',
  },
  {
    code: 'INVALID_MESSAGE',
    when: 'A packet is not an object of port → message, or the data of a message does not have the type that the message names.',
    remedy: 'Make messages with Message.integer(5) and similar functions.',
  },
  {
    code: 'INVALID_RESULT',
    when: 'The output of the plugin is not an ActorResult or, for the SDK of April 2025, not an object of port → value.',
    remedy: 'A fault of the plugin: it must output {"outputs": {…}, "state": …}.',
  },
  {
    code: 'INVALID_METADATA',
    when: 'The output of get_metadata is not the metadata of a plugin.',
    remedy: 'A fault of the plugin; the message has the path.',
  },
  {
    code: 'MODULE_TOO_LARGE',
    when: 'The wasm of an actor has more bytes than limits.moduleBytes allows. A ModuleError of kind TooLarge.',
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
    when: 'The state store that was given threw, or did not load a Map. For a FileState: the file cannot be read or written, or another program has changed it during the call. The call counts as failed.',
    remedy: 'See the cause, the error that the store threw.',
  },
  {
    code: 'STATE_TOO_LARGE',
    when: 'A call leaves a state over its limit: the call fails, and the state from before it is kept. Or the state that an actor begins with, or its store loads, is over the limit.',
    remedy:
      'Let the plugin keep less, or raise limits.stateBytes (and limits.inputBytes, which holds config and payload too). For a stored state that is too large, do that, or commit a smaller one to the store. On the command line, give --input-bytes or another state file.',
  },
  {
    code: 'INVALID_STATE_FILE',
    when: 'A file given for the state is not a state file of a known version: other JSON, a bare object, or a file of a newer plugboard. The file is left as it is.',
    remedy:
      'Correct the path. For a bare object that is the state of an actor, as plugboard 0.1 wrote it, give the option adopt, or --adopt on the command line.',
  },
  {
    code: 'CALLBACK_FAILED',
    when: 'Another function that was given to the actor threw, such as onDiagnostic. When a listener of events throws, this is only a diagnostic: listeners are not part of the call.',
    remedy: 'See the cause, the error that the function threw.',
  },
  {
    code: 'INPUT_LIMIT',
    when: 'A payload, or payload, config and state together, are more bytes than one call may be given.',
    remedy: 'Pass less at once, clear the state, or raise limits.inputBytes.',
  },
  {
    code: 'OUTPUT_LIMIT',
    when: 'The result of a call and the arguments that it passed to host functions are together more bytes than one call may give, or the output of get_metadata, get_version or validate_config is too long.',
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
    when: 'A payload has no message for an inport that the plugin requires, or that awaitAllInports waits for.',
    remedy:
      'Send a message for each port that the message names, or leave requirePorts and awaitAllInports out.',
  },
  {
    code: 'UNKNOWN_PORT',
    when: 'With awaitAllInports, a message is sent to a port that the plugin does not have.',
    remedy: 'Send to one of the ports that the message names.',
  },
  {
    code: 'UNKNOWN_MODULE',
    when: 'A ModuleLoader is asked for a module under a name that is not registered.',
    remedy: 'Load the module first; the message lists the registered names.',
  },
  {
    code: 'ACTOR_STOPPED',
    when: 'The actor was stopped, by its user or by its error policy.',
    remedy:
      'Create a new one; the state can be handed over. The cause, if there is one, is the failure that stopped it.',
  },
  {
    code: 'MESSAGE_SKIPPED',
    when: 'Diagnostic: an output of the plugin is not a message. It is left out, as upstream does.',
    remedy: 'A fault of the plugin: a message has a known type, and data.',
  },
  {
    code: 'MESSAGE_DEFAULTED',
    when: 'Diagnostic: the data of a message from the plugin has the wrong type. It is replaced by 0, false, "", [] or no bytes, as upstream does.',
    remedy: 'A fault of the plugin; 5.0, for example, is a Float and not an Integer.',
  },
  {
    code: 'NO_METADATA',
    when: 'Diagnostic: the plugin exports no get_metadata, so its component and ports are not known.',
    remedy: 'A fault of the plugin; only plugins of the SDK of April 2025 need no get_metadata.',
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

/** The codes of this table, and those codes of the plugin host that actors use too. */
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

/** For `readOptions`: wrong values of options that are passed on to `createPlugin` throw its error, INVALID_OPTION. */
export const refuseOption = (message: string, code?: string): never => {
  throw code === 'INVALID_OPTION'
    ? new CreateError(code, message)
    : new ActorError((code ?? 'INVALID_CONFIG') as ActorErrorCode, message);
};

/** A fault that the actor layer tolerates and reports. With `strict` it is thrown instead. */
export interface ActorDiagnostic {
  code: ActorErrorCode;
  message: string;
}

export type Report = (diagnostic: ActorDiagnostic) => void;

/** Throws every diagnostic as an error. */
export const strictly: Report = ({ code, message }) => {
  throw new ActorError(code, message);
};

/** Describes a value of unknown type in a few words, for an error message. */
export function describe(value: unknown): string {
  if (value instanceof Float) return String(value);
  if (!isObject(value)) return describeOther(value);
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== 'Object' ? `an object of class ${name}` : 'an object';
}
