import type { DurableStorage } from './storage.ts';

/** The statements. Tables have a prefix, because the class of the caller may have tables of its own. */
export const SQL = {
  tables: [
    'CREATE TABLE IF NOT EXISTS plugboard_log (id INTEGER PRIMARY KEY, node TEXT, bytes BLOB NOT NULL)',
    'CREATE TABLE IF NOT EXISTS plugboard_sources (name TEXT PRIMARY KEY, latest INTEGER NOT NULL) WITHOUT ROWID',
    // AUTOINCREMENT: a number is not used again after its row is removed.
    'CREATE TABLE IF NOT EXISTS plugboard_outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, packet TEXT NOT NULL, traceparent TEXT)',
    'CREATE INDEX IF NOT EXISTS plugboard_outbox_of ON plugboard_outbox (target, seq)',
    'CREATE TABLE IF NOT EXISTS plugboard_self (id TEXT PRIMARY KEY)',
  ],
  self: 'SELECT id FROM plugboard_self',
  setSelf: 'INSERT INTO plugboard_self (id) VALUES (?)',
  log: 'SELECT node, bytes FROM plugboard_log ORDER BY id',
  append: 'INSERT INTO plugboard_log (node, bytes) VALUES (?, ?)',
  clear: 'DELETE FROM plugboard_log',
  latest: 'SELECT latest FROM plugboard_sources WHERE name = ?',
  setLatest:
    'INSERT INTO plugboard_sources (name, latest) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET latest = excluded.latest',
  put: 'INSERT INTO plugboard_outbox (target, packet, traceparent) VALUES (?, ?, ?)',
  sizes:
    'SELECT target, COUNT(*) AS packets, SUM(LENGTH(packet)) AS characters FROM plugboard_outbox GROUP BY target',
  next: 'SELECT seq, packet, traceparent FROM plugboard_outbox WHERE target = ? AND seq > ? ORDER BY seq LIMIT ?',
  remove: 'DELETE FROM plugboard_outbox WHERE target = ? AND seq <= ?',
};

/** A packet that waits for its way out. */
export interface OutRow {
  readonly seq: number;
  readonly packet: string;
  readonly traceparent: string | null;
}

/** Cloudflare takes 2 MB in one value. */
const PART_BYTES = 2 ** 20;
/** About the most characters of the packets that are sent or read at once. RPC takes 32 MiB. */
const MOST_CHARACTERS = 4 * 2 ** 20;
/** Packets may have 2 MB each, and the isolate has 128 MB. */
const PART_ROWS = 16;

/** The tables of a network in the storage of its object. */
export class Tables {
  readonly #storage: DurableStorage;
  /** A name that no other storage has: numbers of its packets begin anew in an object whose storage was removed. */
  readonly self: string;

  constructor(storage: DurableStorage) {
    this.#storage = storage;
    for (const statement of SQL.tables) this.#run(statement);
    const known = this.#run(SQL.self)[0]?.id as string | undefined;
    this.self = known ?? crypto.randomUUID();
    if (known === undefined) this.#run(SQL.setSelf, this.self);
  }

  /** Keeps all writes of the action, or none. */
  transact<T>(action: () => T): T {
    return this.#storage.transactionSync(action);
  }

  sync(): Promise<void> {
    return this.#storage.sync();
  }

  *log(): Generator<readonly [node: string | null, bytes: Uint8Array], void, undefined> {
    for (const { node, bytes } of this.#storage.sql.exec(SQL.log))
      yield [node as string | null, new Uint8Array(bytes as ArrayBuffer)];
  }

  append(node: string | null, bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; start += PART_BYTES)
      this.#run(SQL.append, node, bytes.slice(start, start + PART_BYTES));
  }

  clearLog(): void {
    this.#run(SQL.clear);
  }

  /** Number of the latest packet that a source has delivered. */
  latest(source: string): number {
    return (this.#run(SQL.latest, source)[0]?.latest as number | undefined) ?? 0;
  }

  setLatest(source: string, seq: number): void {
    this.#run(SQL.setLatest, source, seq);
  }

  put(target: string, packet: string, traceparent: string | undefined): void {
    this.#run(SQL.put, target, packet, traceparent ?? null);
  }

  sizes(): { readonly target: string; readonly packets: number; readonly characters: number }[] {
    return this.#run(SQL.sizes) as { target: string; packets: number; characters: number }[];
  }

  /** The first packets for a target, in order: at most `most`, fewer if they are long, at least one. */
  first(target: string, most: number): OutRow[] {
    const rows: OutRow[] = [];
    let characters = 0;
    for (;;) {
      const count = Math.min(PART_ROWS, most - rows.length);
      const part = this.#run(SQL.next, target, rows.at(-1)?.seq ?? 0, count) as unknown as OutRow[];
      for (const row of part) {
        characters += row.packet.length;
        if (rows.length > 0 && characters > MOST_CHARACTERS) return rows;
        rows.push(row);
      }
      if (part.length < PART_ROWS) return rows;
    }
  }

  /** Removes the packets for a target up to a number. */
  remove(target: string, upTo: number): void {
    this.#run(SQL.remove, target, upTo);
  }

  #run(statement: string, ...bindings: unknown[]) {
    return [...this.#storage.sql.exec(statement, ...bindings)];
  }
}
