import {
  aCount,
  having,
  type OptionTable,
  oneOf,
  readArgument,
  readOptions,
  refuseExtra,
} from '../../../wasi/options.ts';
import { excerpt, messageOf } from '../../errors.ts';
import { fromBase64 } from '../../values/base64.ts';
import type { ActorConfig } from '../config/node.ts';
import { ActorError, describe, type Report, readForeign, refuseOption } from '../errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { ACTOR_LIMITS, refuseOver } from '../limits.ts';
import { type Codec, jsonCodec, type Part } from '../message/codec.ts';
import type { Message, Packet } from '../message/message.ts';
import {
  packetFromPlainJson,
  packetFromWire,
  toPluginPacket,
  toPluginWire,
  type Wire,
} from '../message/wire.ts';
import type { StateMap } from '../state/state.ts';

/** The input of a plugin for one call. */
export interface ActorContext {
  payload: Packet;
  config: ActorConfig;
  /** The state before the call. */
  state: JsonObject;
}

/** The output of a plugin for one call. */
export interface ActorResult {
  outputs: Packet;
  /** The new state, whole. Missing: the state does not change. */
  state?: JsonObject;
}

export interface PayloadOptions {
  /** Default: `plain`. */
  wire?: Wire | undefined;
  /** Default: 64 MiB. */
  maxBytes?: number | undefined;
  /** Default: JSON. */
  codec?: Codec | undefined;
}

const aCodec = having<Codec>('msgpack of plugboard/msgpack', 'write', 'join', 'read');

export const PAYLOAD_OPTIONS: OptionTable<PayloadOptions> = {
  of: 'writePayload(payload, options)',
  rows: {
    wire: { ...oneOf(['plain', 'upstream']), default: 'plain' },
    maxBytes: { ...aCount('bytes'), default: '64 MiB', grants: 'a payload, up to this limit' },
    codec: { ...aCodec, default: 'JSON' },
  },
};

/**
 * Writes payloads. The three parts of a context are written separately: the payload when it is sent, so that its sender
 * gets the error for a wrong value; the config once; the state before each call.
 */
export class PayloadWriter {
  readonly #wire: Wire;
  readonly #maxBytes: number;
  readonly #codec: Codec;

  constructor({
    wire = 'plain',
    maxBytes = ACTOR_LIMITS.inputBytes.default,
    codec = jsonCodec,
  }: PayloadOptions) {
    this.#wire = wire;
    this.#maxBytes = maxBytes;
    this.#codec = codec;
  }

  packet(packet: Packet): Part {
    return this.#write(toPluginPacket(packet, ['payload'], this.#wire), ['payload']);
  }

  /** Writes one message of a packet. `join` makes a packet of messages that came to different ports at different times. */
  message(message: Message, port: string): Part {
    const path = ['payload', port];
    return this.#write(toPluginWire(message, path, this.#wire), path);
  }

  join(messages: readonly (readonly [port: string, message: Part])[]): Part {
    return this.#codec.join(messages);
  }

  #write(value: object, path: readonly string[]): Part {
    const part = this.#codec.write(value, path);
    // A string has at least as many bytes as characters. The exact bytes are counted when the whole context is known.
    const unit = typeof part === 'string' ? 'characters' : 'bytes';
    refuseOver('INPUT_LIMIT', 'payload', part.length, this.#maxBytes, unit, 'limits.inputBytes');
    return part;
  }
}

/** @throws {ActorError} INVALID_CONFIG for options that are wrong */
export function writePayload(payload: Packet, options?: PayloadOptions): Part;
export function writePayload(payload: Packet, options?: PayloadOptions, ...extra: unknown[]): Part {
  refuseExtra(extra, 'writePayload', refuseOption);
  const read = readOptions(PAYLOAD_OPTIONS, options, 'writePayload', refuseOption);
  return readForeign('writePayload', () => new PayloadWriter(read).packet(payload));
}

/** @throws {ActorError} INVALID_CONFIG when `codec` is not a Codec */
export function writeConfig(config: ActorConfig, codec?: Codec): Part;
export function writeConfig(config: ActorConfig, codec: Codec = jsonCodec, ...extra: unknown[]): Part {
  refuseExtra(extra, 'writeConfig', refuseOption);
  const { write } = readArgument(aCodec, codec, 'writeConfig: codec', refuseOption);
  return readForeign('writeConfig', () => write.call(codec, config, ['config']));
}

export const writeState = (state: StateMap, codec: Codec = jsonCodec): Part =>
  codec.write(Object.fromEntries(state), ['state']);

/** Returns a written `ActorContext`, joined from its written parts. */
export const joinContext = (payload: Part, config: Part, state: Part, codec: Codec = jsonCodec): Part =>
  codec.join([
    ['payload', payload],
    ['config', config],
    ['state', state],
  ]);

/**
 * Reads an `ActorResult` in the encoding of the codec, or a string with the base64 of such bytes: Go writes byte slices as
 * base64 into JSON.
 * @throws {ActorError} INVALID_RESULT with the wording of upstream
 */
export function readResult(output: Uint8Array, report: Report, codec: Codec = jsonCodec): ActorResult {
  let json = parse(output, 'Invalid ActorResult', codec);
  if (typeof json === 'string') {
    json = parse(decodeBase64(json), 'Failed to parse decoded base64 as JSON', codec);
  }
  const outputs = isJsonObject(json) && Object.hasOwn(json, 'outputs') ? json.outputs : undefined;
  if (!isJsonObject(json) || !isJsonObject(outputs)) {
    const hint = Array.isArray(json) && codec !== jsonCodec ? STRUCT_AS_ARRAY : '';
    throw new ActorError('INVALID_RESULT', `Invalid ActorResult: missing outputs${hint}`);
  }
  const result: ActorResult = { outputs: packetFromWire(outputs, ['outputs'], report) };
  const state = Object.hasOwn(json, 'state') ? json.state : null;
  if (isJsonObject(state)) result.state = state;
  else if (state !== null) {
    const message = `state: expected an object or null, got ${describe(state)}; the state stays as it is`;
    report({ code: 'STATE_IGNORED', message });
  }
  return result;
}

/** Reads the output of a plugin of the SDK of April 2025 (port → plain value). @throws {ActorError} INVALID_RESULT */
export function readPlainResult(output: Uint8Array): ActorResult {
  const json = parse(output, 'Invalid result', jsonCodec);
  if (!isJsonObject(json)) {
    const message = `Invalid result: expected an object of port → value, got ${describe(json)}`;
    throw new ActorError('INVALID_RESULT', message);
  }
  return { outputs: packetFromPlainJson(json) };
}

const STRUCT_AS_ARRAY = ', got an array (rmp_serde::to_vec of Rust writes a struct so: use to_vec_named)';

function parse(output: Uint8Array, problem: string, codec: Codec): JsonValue {
  try {
    return codec.read(output, 'it');
  } catch (cause) {
    throw new ActorError('INVALID_RESULT', `${problem}: ${excerpt(messageOf(cause))}`, { cause });
  }
}

/** Decodes base64 with the standard alphabet and padding. `atob` alone would also accept white space and missing padding. */
function decodeBase64(text: string): Uint8Array {
  const wrongAt = text.search(/[^A-Za-z0-9+/=]/);
  try {
    if (wrongAt >= 0) throw new Error(`unexpected ${JSON.stringify(text[wrongAt])} at character ${wrongAt}`);
    if (text.length % 4 !== 0) throw new Error(`${text.length} characters, not a multiple of 4`);
    return fromBase64(text);
  } catch (cause) {
    const message = `Failed to decode base64 string: ${messageOf(cause)}`;
    throw new ActorError('INVALID_RESULT', message, { cause });
  }
}
