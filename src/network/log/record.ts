import { ActorError, describe, strictly } from '../../actor/errors.ts';
import { parseJson } from '../../actor/json/reader.ts';
import { getOwn, isJsonObject, type JsonObject, type JsonValue, MAX_DEPTH } from '../../actor/json/value.ts';
import { joinJson, writeText } from '../../actor/json/writer.ts';
import type { Message } from '../../actor/message/message.ts';
import { fromWire, toWire } from '../../actor/message/wire.ts';
import { isPaths, type Path, pathsOfBytes, putBytes } from '../../actor/state/state-file.ts';
import type { StateMap } from '../../actor/state/state-store.ts';
import { messageOf as errorText } from '../../errors.ts';
import { crc32 } from '../../values/crc32.ts';
import type { Shape } from '../../values/shape.ts';
import type { DeadLetter, DeadStep, NodeState, Positions, Trace } from '../engine/engine.ts';
import * as shapes from './shapes.ts';

// A journal is a text file. Each line is a checksum, a blank, and a JSON object. First comes a snapshot: a line, and one for each
// packet that nobody has read. The others are commits. RATIONALE: why-has-each-node-a-journal

const VERSION = 1;

/** A packet that was sent, and the edges and ports to which it went. */
export interface SentRecord {
  readonly to: readonly string[];
  readonly message: Message;
  readonly trace: Trace;
}

/** One commit of a node, or of the world outside. */
export interface CommitRecord {
  /** Number of the commit: 1, 2, 3 and so on in all journals of a folder. */
  readonly commit: number;
  /** Commits up to this number were on the disk when the record was written. */
  readonly synced: number;
  /** Orders the packets of all journals. */
  readonly number: number;
  readonly read: Positions;
  readonly state: NodeState | undefined;
  readonly sent: readonly SentRecord[];
  readonly dead: readonly DeadLetter[];
  /** The step whose dead letters are sent again. */
  readonly redriven?: DeadStep | undefined;
  readonly id: readonly [port: string, id: string] | undefined;
  /** Number of times that a step was begun which no process has survived. Zero again with the next commit of the node. */
  readonly attempts?: number | undefined;
}

/** A packet that nobody has read. */
export interface PacketRecord {
  /** The edge or port that it is on. */
  readonly source: string;
  readonly number: number;
  readonly message: Message;
  readonly trace: Trace;
}

/** All that a journal said when it was written anew. */
export interface Snapshot {
  /** The node; null for the world outside. */
  readonly node: string | null;
  /** Number of times that the folder was opened. */
  readonly epoch: number;
  /** All commits up to this number were on the disk then; the snapshot has those of its node. */
  readonly commit: number;
  /** Higher than the numbers of all packets then. */
  readonly number: number;
  readonly positions: Positions;
  /** Undefined: no step of the node was committed. */
  readonly state: NodeState | undefined;
  /** Position of the latest packet, by edge or port. */
  readonly latest: Positions;
  /** In order for each source. */
  readonly packets: readonly PacketRecord[];
  readonly ids: { readonly [port: string]: readonly string[] };
  readonly dead: readonly DeadLetter[];
  readonly attempts: number;
}

const LEVELS = 16;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Member = readonly [key: string, text: string | undefined];

const textOf = (members: readonly Member[]): string =>
  joinJson(members.flatMap(([key, text]) => (text === undefined ? [] : [[key, text] as const])));

const listOf = <T>(items: readonly T[], text: (item: T) => string): string | undefined =>
  items.length > 0 ? `[${items.map(text).join(',')}]` : undefined;

/** Returns a value with the paths of bytes in it, which JSON has as lists of numbers. */
function valueText(value: unknown, what: string, text = writeText(value, [what])): string {
  const bytes = pathsOfBytes({ value: value as JsonValue });
  return textOf([
    ['value', text],
    ['bytes', bytes.length > 0 ? writeText(bytes) : undefined],
  ]);
}

function stateText(state: NodeState | undefined): string | undefined {
  if (!state || state instanceof Map) return state && valueText(Object.fromEntries(state), 'state');
  const { part } = state;
  return valueText(Object.fromEntries(state.state), 'state', typeof part === 'string' ? part : undefined);
}

const messageText = (message: Message): string => valueText(toWire(message, ['message']), 'message');

const deadText = ({ message, packet, ...letter }: DeadLetter): string =>
  textOf([
    ['letter', valueText(letter, 'letter')],
    ['message', messageText(message)],
    ['packet', textOf(Object.entries(packet).map(([port, part]) => [port, messageText(part)]))],
  ]);

/** Returns the bytes of a line. @throws {ActorError} JSON_VALUE, JSON_DEPTH, TEXT_TOO_LONG */
function lineOf(members: readonly Member[]): Uint8Array {
  const bytes = encoder.encode(textOf(members));
  const line = new Uint8Array(bytes.length + 10);
  line.set(encoder.encode(`${crc32(bytes)} `));
  line.set(bytes, 9);
  line[line.length - 1] = LINE_FEED;
  return line;
}

export function writeCommit(record: CommitRecord): Uint8Array {
  const { commit, synced, number, read, state, sent, dead, redriven, id, attempts } = record;
  return lineOf([
    ['commit', String(commit)],
    ['synced', String(synced)],
    ['number', String(number)],
    ['read', Object.keys(read).length > 0 ? writeText(read) : undefined],
    ['state', stateText(state)],
    [
      'sent',
      listOf(sent, ({ to, message, trace }) =>
        textOf([
          ['to', writeText(to)],
          ['message', messageText(message)],
          ['trace', writeText(trace)],
        ]),
      ),
    ],
    ['dead', listOf(dead, deadText)],
    ['redriven', redriven && writeText(redriven)],
    ['id', id && writeText(id)],
    ['attempts', attempts ? String(attempts) : undefined],
  ]);
}

export function writeSnapshot(snapshot: Snapshot): Uint8Array {
  const { node, epoch, commit, number, positions, state, latest, packets, ids, dead, attempts } = snapshot;
  const head = lineOf([
    ['plugboard', '"journal"'],
    ['version', String(VERSION)],
    ['node', writeText(node)],
    ['epoch', String(epoch)],
    ['commit', String(commit)],
    ['number', String(number)],
    ['positions', writeText(positions)],
    ['state', stateText(state)],
    ['latest', writeText(latest)],
    ['packets', String(packets.length)],
    ['ids', writeText(ids)],
    ['dead', listOf(dead, deadText)],
    ['attempts', attempts ? String(attempts) : undefined],
  ]);
  const lines = packets.map(({ source, number, message, trace }) =>
    lineOf([
      ['source', writeText(source)],
      ['number', String(number)],
      ['message', messageText(message)],
      ['trace', writeText(trace)],
    ]),
  );
  return joined([head, ...lines]);
}

export function joined(lines: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lines.reduce((sum, line) => sum + line.length, 0));
  let at = 0;
  for (const line of lines) {
    bytes.set(line, at);
    at += line.length;
  }
  return bytes;
}

const LINE_FEED = 0x0a;

/** A journal as it was read. */
export interface Journal {
  readonly snapshot: Snapshot;
  /** The commits before the first line that is not whole. */
  readonly commits: readonly CommitRecord[];
  /** The lowest number of a commit after such a line. */
  readonly torn: number;
  /** The highest number that any whole line says was on the disk. */
  readonly synced: number;
}

/** @throws {ActorError} INVALID_STATE_FILE for a file with other content, or with a snapshot that is not whole */
export function readJournal(bytes: Uint8Array): Journal {
  const lines = linesOf(bytes);
  const first = lines.next().value;
  if (first?.plugboard !== 'journal')
    throw invalid('expected a journal of plugboard, got other content; it is left as it is');
  if (first.version !== VERSION)
    throw invalid(`expected a journal of version ${VERSION}, got version ${describe(first.version)}`);
  check(first, shapes.snapshot, 'its first line');
  const packets: JsonObject[] = [];
  for (let left = first.packets as number; left > 0; left--) {
    const packet = lines.next().value;
    if (!packet) throw invalid('its first lines are damaged; take the folder from a backup');
    check(packet, shapes.packet, `packet ${packets.length}`);
    packets.push(packet);
  }
  const snapshot = readSnapshot(first, packets);
  const commits: CommitRecord[] = [];
  let synced = snapshot.commit;
  let isWhole = true;
  let torn = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    if (!line) {
      isWhole = false;
      continue;
    }
    const record = readCommit(line);
    synced = Math.max(synced, record.synced);
    if (isWhole) commits.push(record);
    else torn = Math.min(torn, record.commit);
  }
  return { snapshot, commits, torn, synced };
}

/** Reads lines that are commits. @throws {ActorError} INVALID_STATE_FILE */
export const readCommits = (bytes: Uint8Array): CommitRecord[] =>
  Array.from(linesOf(bytes), line => {
    if (!line) throw invalid('a line of the log is damaged');
    return readCommit(line);
  });

/** Yields the object of each line; null for a line that is not whole. */
function* linesOf(bytes: Uint8Array): Generator<JsonObject | null, undefined, undefined> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(LINE_FEED, start);
    yield end < 0 ? null : objectOf(bytes.subarray(start, end));
    start = end < 0 ? bytes.length : end + 1;
  }
  return undefined;
}

function objectOf(line: Uint8Array): JsonObject | null {
  const json = line.subarray(9);
  if (decoder.decode(line.subarray(0, 9)) !== `${crc32(json)} `) return null;
  const value = parseJson(json, 'the line', MAX_DEPTH + LEVELS);
  return isJsonObject(value) ? value : null;
}

function readSnapshot(line: JsonObject, packets: readonly JsonObject[]): Snapshot {
  return {
    node: line.node as string | null,
    epoch: line.epoch as number,
    commit: line.commit as number,
    number: line.number as number,
    positions: line.positions as unknown as Positions,
    state: stateOf(line),
    latest: line.latest as unknown as Positions,
    packets: packets.map(({ source, number, message, trace }) => ({
      source: source as string,
      number: number as number,
      message: messageOf(message),
      trace: trace as unknown as Trace,
    })),
    ids: line.ids as unknown as Snapshot['ids'],
    attempts: (getOwn(line, 'attempts') ?? 0) as number,
    dead: objects(getOwn(line, 'dead')).map(deadOf),
  };
}

function readCommit(line: JsonObject): CommitRecord {
  check(line, shapes.commit, 'a commit');
  return {
    commit: line.commit as number,
    synced: line.synced as number,
    number: line.number as number,
    read: (getOwn(line, 'read') ?? {}) as unknown as Positions,
    state: stateOf(line),
    sent: objects(getOwn(line, 'sent')).map(({ to, message, trace }) => ({
      to: to as unknown as string[],
      message: messageOf(message),
      trace: trace as unknown as Trace,
    })),
    dead: objects(getOwn(line, 'dead')).map(deadOf),
    redriven: getOwn(line, 'redriven') as unknown as DeadStep | undefined,
    id: getOwn(line, 'id') as unknown as CommitRecord['id'],
    attempts: getOwn(line, 'attempts') as number | undefined,
  };
}

/** @throws {ActorError} INVALID_STATE_FILE */
function check(line: JsonObject, shape: Shape, where: string): void {
  try {
    shape(line, where);
  } catch (cause) {
    throw invalid(errorText(cause));
  }
}

const objects = (list: JsonValue | undefined) => (list ?? []) as unknown as JsonObject[];

/** Reads the text of `valueText`. */
function readValue(written: JsonValue | undefined): JsonValue {
  const holder = written as JsonObject;
  const bytes = getOwn(holder, 'bytes') ?? [];
  if (isPaths(bytes)) for (const path of bytes as Path[]) putBytes(holder, path);
  return holder.value as JsonValue;
}

const stateOf = (line: JsonObject): StateMap | undefined => {
  const state = getOwn(line, 'state');
  return state === undefined ? undefined : new Map(Object.entries(readValue(state) as JsonObject));
};

const messageOf = (written: JsonValue | undefined): Message =>
  fromWire(readValue(written), 'message', strictly, () => true)!;

const deadOf = ({ letter, message, packet }: JsonObject): DeadLetter => ({
  ...(readValue(letter) as unknown as Omit<DeadLetter, 'message' | 'packet'>),
  message: messageOf(message),
  packet: Object.fromEntries(
    Object.entries(packet as JsonObject).map(([port, part]) => [port, messageOf(part)]),
  ),
});

export const invalid = (message: string): ActorError => new ActorError('INVALID_STATE_FILE', message);
