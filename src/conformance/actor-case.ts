import { joinContext, writeConfig, writePayload } from '../actor/engine/input.ts';
import { readPlainResult, readResult } from '../actor/engine/result.ts';
import { Float } from '../actor/float.ts';
import type { Packet } from '../actor/index.ts';
import { readPacket, writePacket } from '../actor/index.ts';
import { readJson } from '../actor/json/reader.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../actor/json/value.ts';
import { writeJson } from '../actor/json/writer.ts';
import { jsonCodec } from '../actor/message/codec.ts';
import { packetFromPlainJson, toPlainPacket } from '../actor/message/wire.ts';
import { msgpack } from '../msgpack/index.ts';
import type { Case, CaseFile, Process, Spelled } from './case.ts';
import {
  type AnswerHostCall,
  type Host,
  type HostValue,
  Refused,
  type Scenario,
  type Session,
} from './host.ts';
import { judgeError, type Terms } from './judge.ts';
import { mapValues, toJson } from './spelled.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (value: HostValue | undefined) => new TextDecoder().decode(value as Uint8Array);

/** Runs an actor over the calls and host functions of any host. docs/PROTOCOL.md describes its input and output. */
export async function runActor(
  host: Host,
  scenario: Scenario,
  { encoding }: CaseFile,
  given: Case,
  terms: Terms,
): Promise<string[]> {
  const {
    entryPoint = 'process',
    protocol = 'context',
    config = {},
    env = {},
    state: first = {},
  } = given.actor ?? {};
  const codec = encoding === 'msgpack' ? msgpack : jsonCodec;
  let state = toJson(first) as JsonObject;
  let sent: Packet[] = [];
  const answer: AnswerHostCall = ({ name }, values) => {
    try {
      if (name === '__send_output') sent.push(packetFromPlainJson(readObject(values[0])));
      if (name === '__get_state') return { value: encode(writeJson(own(state, decode(values[0])) ?? null)) };
      if (name === '__set_state') state = { ...state, [decode(values[0])]: readJson(decode(values[1])) };
      return { value: null };
    } catch (error) {
      return { fails: (error as Error).message };
    }
  };
  const node = {
    node_id: 'actor',
    component: 'actor',
    resolved_env: env,
    config: toJson(config) as JsonObject,
    namespace: null,
  };
  let session: Session;
  try {
    session = await host.open(scenario, answer);
  } catch (error) {
    if (error instanceof Refused)
      return given.error ? judgeError(error.error, given.error, terms) : [error.message];
    throw error;
  }
  if (given.error) {
    const { error } = await session.call(entryPoint, encode('{}'));
    await session.close();
    return judgeError(error, given.error, { has: () => false });
  }
  const problems: string[] = [];
  for (const [index, step] of (given.process ?? []).entries()) {
    sent = [];
    const payload = readPacket(writeJson(toJson(step.payload)));
    const input =
      protocol === 'ports'
        ? toPlainPacket(writePayload(payload))
        : joinContext(
            writePayload(payload, { codec }),
            writeConfig(node, codec),
            codec.write(state, []),
            codec,
          );
    const seen = await session.call(entryPoint, typeof input === 'string' ? encode(input) : input);
    let failure = seen.error;
    if (!failure) {
      try {
        const output = seen.output ?? new Uint8Array(0);
        const result = protocol === 'ports' ? readPlainResult(output) : readResult(output, () => {}, codec);
        if (result.state) state = result.state;
        if (Object.keys(result.outputs).length > 0) sent.push(result.outputs);
      } catch (error) {
        failure = { name: 'invalid-result', message: (error as Error).message };
      }
    }
    problems.push(
      ...judgeStep(step, failure, sent, state, terms).map(text => `packet ${index + 1}: ${text}`),
    );
  }
  await session.close();
  return problems;
}

function readObject(value: HostValue | undefined): JsonObject {
  const json = readJson(decode(value));
  if (isJsonObject(json)) return json;
  throw new Error('__send_output: expected a JSON object of port → value');
}

const own = (object: JsonObject, key: string): JsonValue | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

function judgeStep(
  step: Process,
  failure: Parameters<typeof judgeError>[0],
  packets: readonly Packet[],
  state: JsonObject,
  terms: Terms,
): string[] {
  const wrong = step.error
    ? judgeError(failure, step.error, terms)
    : failure
      ? [`expected success, but it failed: ${failure.message.slice(0, 300)}`]
      : [];
  return [...wrong, ...judgePackets(step, packets), ...(step.state ? judgeState(step.state, state) : [])];
}

/** Compares packets as text: 1 and 1.0 differ, the order of keys does not matter. */
export function judgePackets({ packets }: Process, seen: readonly Packet[]): string[] {
  const [one, other] = [seen.map(packetText), packets.map(spelled => packetText(toPacket(spelled)))];
  return one.join('\n') === other.join('\n')
    ? []
    : [`packets: expected ${other.join(', ')}; got ${one.join(', ')}`];
}

export function judgeState(expected: Spelled, seen: JsonObject): string[] {
  const [one, other] = [jsonText(seen), jsonText(toJson(expected))];
  return one === other ? [] : [`state: expected ${other}, got ${one}`];
}

export const toPacket = (spelled: Spelled): Packet => readPacket(writeJson(toJson(spelled)));

const jsonText = (json: JsonValue): string => writeJson(sortKeys(json));
const packetText = (packet: Packet): string => jsonText(readJson(writePacket(packet)));

function sortKeys(json: JsonValue): JsonValue {
  if (Array.isArray(json)) return json.map(sortKeys);
  if (typeof json !== 'object' || json === null || json instanceof Float) return json;
  const sorted = Object.entries(json).sort(([one], [other]) => (one < other ? -1 : 1));
  return mapValues(Object.fromEntries(sorted), sortKeys);
}
