import { writeText } from '../../actor/json/writer.ts';
import { fenced } from '../errors.ts';
import { joined } from '../log/record.ts';
import { EXPECTED, hasCode, type JetStream, type StoredMessage } from './jet-stream.ts';

/** Lines, each with the node whose part of the log it belongs to; null for the world outside. */
export type Lines = readonly (readonly [node: string | null, line: Uint8Array])[];

/** A record that has a snapshot begins the log anew. One of the kind `end` says that its writer has ended in peace. */
export type RecordKind = 'commits' | 'snapshot' | 'end';

const VERSION = '1';
const HEADERS = {
  version: 'Pb-Version',
  kind: 'Pb-Kind',
  writer: 'Pb-Writer',
  record: 'Pb-Record',
  part: 'Pb-Part',
};
/** Room for the headers of a message. */
const HEADER_BYTES = 1024;
/** Messages that are asked for at once. */
export const WINDOW = 32;
const LINE_FEED = 0x0a;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Reads up to `WINDOW` messages. Those that are gone are undefined. */
export const readWindow = (
  jetStream: JetStream,
  stream: string,
  from: number,
  last: number,
): Promise<(StoredMessage | undefined)[]> =>
  Promise.all(
    Array.from({ length: Math.min(WINDOW, last - from + 1) }, (_, at) =>
      jetStream.read(stream, { seq: from + at }),
    ),
  );

/** Puts the messages of a log together to records. Those that no writer has ended, or whose first parts are gone, are left out. */
export class RecordReader {
  #parts: Uint8Array[] = [];
  #id = '';

  /** Returns the record that ends with a message. */
  add({ headers, data }: StoredMessage): { kind: string | undefined; body: Uint8Array } | undefined {
    const [part = 1, all = 1] = (headers.get(HEADERS.part) ?? '1/1').split('/').map(Number);
    const id = `${headers.get(HEADERS.writer)} ${headers.get(HEADERS.record)}`;
    if (part === 1 || id !== this.#id) this.#parts = [];
    this.#id = id;
    if (this.#parts.length !== part - 1) return undefined;
    this.#parts.push(data);
    if (part < all) return undefined;
    return { kind: headers.get(HEADERS.kind), body: joined(this.#parts) };
  }
}

/**
 * The log of a network, or of a part of it: one subject with one writer at a time. Each message is appended only if the one before it is the last that
 * the writer knows, so that a writer that was replaced can append nothing. A record that is too large for a message is split; it
 * counts when its last part is there.
 */
export class NatsLog {
  readonly #jetStream: JetStream;
  readonly #stream: string;
  readonly #subject: string;
  readonly #writer: string;
  /** A writer may open the log again later. */
  readonly #run = crypto.randomUUID().slice(0, 8);
  #last = 0;
  #records = 0;
  /** Whether the writer before this one has died. */
  hasDied = false;

  constructor(jetStream: JetStream, stream: string, subject: string, writer: string) {
    this.#jetStream = jetStream;
    this.#stream = stream;
    this.#subject = subject;
    this.#writer = writer;
  }

  /** The writer and kind of the last record; undefined for an empty log. */
  async tail(): Promise<{ writer: string | undefined; kind: string | undefined } | undefined> {
    const last = await this.#jetStream.read(this.#stream, { last_by_subj: this.#subject });
    return last && { writer: last.headers.get(HEADERS.writer), kind: last.headers.get(HEADERS.kind) };
  }

  /** Reads all records, from the last snapshot on. Returns the lines of each node, by its name as JSON. */
  async read(): Promise<Map<string, Uint8Array>> {
    const { first, last, messages } = await this.#jetStream.rangeOf(this.#stream);
    const records = new RecordReader();
    let parts = new Map<string, Uint8Array[]>();
    this.#last = 0;
    this.hasDied = false;
    for (let from = first; messages > 0 && from <= last; from += WINDOW) {
      for (const message of await readWindow(this.#jetStream, this.#stream, from, last)) {
        if (!message) continue;
        this.#last = message.sequence;
        const record = records.add(message);
        if (!record) continue;
        this.hasDied = record.kind !== 'end';
        if (record.kind === 'snapshot') parts = new Map();
        addLines(parts, record.body);
      }
    }
    return joinedLines(parts);
  }

  /** Appends a record. Returns the number of its first message. @throws {NetworkError} NODE_FENCED if another writer has appended */
  async append(kind: RecordKind, lines: Lines): Promise<number> {
    const body = bodyOf(lines);
    const most = Math.max(1, this.#jetStream.maxPayload - HEADER_BYTES);
    const all = Math.max(1, Math.ceil(body.length / most));
    const record = `${this.#run}-${++this.#records}`;
    let first = 0;
    for (let part = 1; part <= all; part++) {
      const data = body.subarray((part - 1) * most, part * most);
      await this.#appendPart(data, kind, record, `${part}/${all}`);
      if (part === 1) first = this.#last;
    }
    return first;
  }

  /** Removes the messages before a number. */
  trim(before: number): Promise<void> {
    return this.#jetStream.purge(this.#stream, this.#subject, before);
  }

  async #appendPart(data: Uint8Array, kind: RecordKind, record: string, part: string): Promise<void> {
    const headers = {
      [EXPECTED]: this.expected(),
      [HEADERS.version]: VERSION,
      [HEADERS.kind]: kind,
      [HEADERS.writer]: this.#writer,
      [HEADERS.record]: record,
      [HEADERS.part]: part,
    };
    try {
      this.#last = await this.#jetStream.publish(this.#subject, data, headers);
    } catch (error) {
      if (!hasCode(error, 'wrongSequence')) throw error;
      // The message may have been kept without an answer, and was then sent again.
      const last = await this.#jetStream.read(this.#stream, { last_by_subj: this.#subject });
      const isOwn = [HEADERS.writer, HEADERS.record, HEADERS.part].every(
        key => last?.headers.get(key) === (headers as Record<string, string | undefined>)[key],
      );
      if (!last || !isOwn) throw fenced(this.#subject);
      this.#last = last.sequence;
    }
  }

  /** The number of the message before the next. Tests override it to see the log without its protection. */
  protected expected(): string | undefined {
    return String(this.#last);
  }
}

/** Writes the name of a node before its lines. Lines of a journal begin with a checksum, and never look like a name. */
function bodyOf(lines: Lines): Uint8Array {
  const parts: Uint8Array[] = [];
  let of: string | null | undefined;
  for (const [node, line] of lines) {
    if (node !== of) parts.push(encoder.encode(`${writeText(node)}\n`));
    of = node;
    parts.push(line);
  }
  return joined(parts);
}

/** Returns the lines of a record by the name of their node, as JSON. */
export function linesOf(body: Uint8Array): Map<string, Uint8Array> {
  const parts = new Map<string, Uint8Array[]>();
  addLines(parts, body);
  return joinedLines(parts);
}

const joinedLines = (parts: ReadonlyMap<string, Uint8Array[]>) =>
  new Map([...parts].map(([node, lines]) => [node, joined(lines)]));

function addLines(parts: Map<string, Uint8Array[]>, body: Uint8Array): void {
  let own: Uint8Array[] = [];
  for (let start = 0; start < body.length; ) {
    const end = body.indexOf(LINE_FEED, start) + 1 || body.length;
    const line = body.subarray(start, end);
    start = end;
    const isName = line[0] === 0x22 || line[0] === 0x6e;
    if (!isName) {
      own.push(line);
      continue;
    }
    const node = decoder.decode(line).trimEnd();
    own = parts.get(node) ?? [];
    parts.set(node, own);
  }
}
