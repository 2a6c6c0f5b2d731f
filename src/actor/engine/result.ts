import { excerpt, messageOf } from '../../errors.ts';
import { fromBase64 } from '../../values/base64.ts';
import { ActorError, describe, type Report } from '../errors.ts';
import { type KnownMembers, parseJson } from '../json/reader.ts';
import { getOwn, isJsonObject, type JsonObject, type JsonValue, MAX_DEPTH } from '../json/value.ts';
import { type Codec, jsonCodec } from '../message/codec.ts';
import type { Packet } from '../message/message.ts';
import { packetFromPlainJson, packetFromWire } from '../message/wire.ts';

/** The member of a result that has the new state. */
export const STATE = 'state';

/** The output of a plugin for one call. */
export interface ActorResult {
  outputs: Packet;
  /** The new state, whole. Missing: the state does not change. */
  state?: JsonObject;
}

/**
 * Reads an `ActorResult` in the encoding of the codec, or a string with the base64 of such bytes: Go writes byte slices as
 * base64 into JSON.
 * @param known The state of the result before
 * @throws {ActorError} INVALID_RESULT with the wording of upstream
 */
export function readResult(
  output: Uint8Array,
  report: Report,
  codec: Codec = jsonCodec,
  known?: KnownMembers,
): ActorResult {
  let json = parse(output, 'Invalid ActorResult', codec, known);
  if (typeof json === 'string') {
    json = parse(decodeBase64(json), 'Failed to parse decoded base64 as JSON', codec, known);
  }
  const outputs = isJsonObject(json) ? getOwn(json, 'outputs') : undefined;
  if (!isJsonObject(json) || !isJsonObject(outputs)) {
    const hint = Array.isArray(json) && codec !== jsonCodec ? STRUCT_AS_ARRAY : '';
    throw new ActorError('INVALID_RESULT', `Invalid ActorResult: missing outputs${hint}`);
  }
  const result: ActorResult = { outputs: packetFromWire(outputs, ['outputs'], report) };
  const state = getOwn(json, STATE) ?? null;
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

function parse(output: Uint8Array, problem: string, codec: Codec, known?: KnownMembers): JsonValue {
  try {
    return codec === jsonCodec ? parseJson(output, 'it', MAX_DEPTH, known) : codec.read(output, 'it');
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
