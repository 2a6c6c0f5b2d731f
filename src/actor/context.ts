import type { ActorConfig } from './actor-config.ts';
import { ActorError, describe, type Report } from './errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, readJson, writeJson } from './json.ts';
import { ACTOR_LIMITS, refuseOver } from './limits.ts';
import type { Packet } from './message.ts';
import type { StateMap } from './state.ts';
import { packetFromPlainJson, packetFromWire, type Wire, writePluginPacket } from './wire.ts';

/** What a plugin gets for one call. */
export interface ActorContext {
  payload: Packet;
  config: ActorConfig;
  /** The state before the call. */
  state: JsonObject;
}

/** What a plugin answers. */
export interface ActorResult {
  outputs: Packet;
  /** The whole state from now on. Missing: the state stays as it is. */
  state?: JsonObject;
}

/**
 * The parts of a context are written apart, each when it is known: the payload when it is sent, so that what is wrong
 * with it is the sender's error, the config once, the state before each call.
 */
export function writePayload(
  payload: Packet,
  wire: Wire = 'plain',
  maxBytes: number = ACTOR_LIMITS.inputBytes.default,
): string {
  const text = writePluginPacket(payload, ['payload'], wire);
  // Characters are at most as many as bytes; bytes are counted when the whole context is known.
  refuseOver('INPUT_LIMIT', 'payload', text.length, maxBytes, 'characters', 'limits.inputBytes');
  return text;
}
export const writeConfig = (config: ActorConfig): string => writeJson(config, ['config']);
export const writeState = (state: StateMap): string => writeJson(Object.fromEntries(state), ['state']);

/** The JSON of an `ActorContext`, from its parts. */
export const joinContext = (payload: string, config: string, state: string): string =>
  `{"payload":${payload},"config":${config},"state":${state}}`;

/**
 * Reads an `ActorResult`: JSON, or a JSON string with the base64 of JSON (Go writes byte slices so).
 * @throws {ActorError} INVALID_RESULT in upstream's words
 */
export function readResult(output: Uint8Array, report: Report): ActorResult {
  let json = parse(output, 'Invalid ActorResult');
  if (typeof json === 'string') {
    json = parse(decodeBase64(json), 'Failed to parse decoded base64 as JSON');
  }
  const outputs = isJsonObject(json) && Object.hasOwn(json, 'outputs') ? json.outputs : undefined;
  if (!isJsonObject(json) || !isJsonObject(outputs)) {
    throw new ActorError('INVALID_RESULT', 'Invalid ActorResult: missing outputs');
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

/** Reads what a plugin of the SDK of April 2025 answers: an object of port → plain value. @throws {ActorError} INVALID_RESULT */
export function readPlainResult(output: Uint8Array): ActorResult {
  const json = parse(output, 'Invalid result');
  if (!isJsonObject(json)) {
    const message = `Invalid result: expected an object of port → value, got ${describe(json)}`;
    throw new ActorError('INVALID_RESULT', message);
  }
  return { outputs: packetFromPlainJson(json) };
}

function parse(text: Uint8Array, problem: string): JsonValue {
  try {
    return readJson(text, { what: 'it' });
  } catch (cause) {
    throw new ActorError('INVALID_RESULT', `${problem}: ${(cause as Error).message}`, { cause });
  }
}

/** Standard alphabet, padded. `atob` alone would also take white space and missing padding. */
function decodeBase64(text: string): Uint8Array {
  const wrongAt = text.search(/[^A-Za-z0-9+/=]/);
  try {
    if (wrongAt >= 0) throw new Error(`unexpected ${JSON.stringify(text[wrongAt])} at character ${wrongAt}`);
    if (text.length % 4 !== 0) throw new Error(`${text.length} characters, not a multiple of 4`);
    return Uint8Array.from(atob(text), char => char.charCodeAt(0));
  } catch (cause) {
    const message = `Failed to decode base64 string: ${(cause as Error).message}`;
    throw new ActorError('INVALID_RESULT', message, { cause });
  }
}
