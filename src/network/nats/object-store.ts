import { toBase64 } from '../../values/base64.ts';
import { hexOf } from '../../values/hex.ts';
import { atLeast, plain } from '../../values/shape.ts';
import { joined } from '../log/record.ts';
import { hasCode, type JetStream } from './jet-stream.ts';
import { readKey } from './keys.ts';

const CHUNK_BYTES = 128 * 1024;
/** Room for the headers of a message. */
const HEADER_BYTES = 1024;

/** The message that describes an object. */
interface Meta {
  readonly name: string;
  readonly nuid: string;
}

const metaShape = atLeast({ name: plain, nuid: plain });

/**
 * Objects by the SHA-256 of their bytes, in an object store of NATS, as its other clients read it.
 * https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-20.md
 */
export class ObjectStore {
  readonly #jetStream: JetStream;
  readonly #bucket: string;
  readonly #stream: string;
  readonly #config: object;

  /** @param config of the stream, which the first object makes */
  constructor(jetStream: JetStream, bucket: string, config: object) {
    this.#jetStream = jetStream;
    this.#bucket = bucket;
    this.#stream = `OBJ_${bucket}`;
    this.#config = config;
  }

  /** Keeps an object. Returns its name. */
  async put(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const digest = await sha256(bytes);
    const name = hexOf(digest);
    await this.#jetStream.ensureStream(this.#stream, {
      subjects: [`$O.${this.#bucket}.C.>`, `$O.${this.#bucket}.M.>`],
      discard: 'new',
      allow_rollup_hdrs: true,
      allow_direct: true,
      ...this.#config,
    });
    // Chunks of two writers never mix.
    const nuid = crypto.randomUUID();
    const size = Math.min(CHUNK_BYTES, Math.max(1, this.#jetStream.maxPayload - HEADER_BYTES));
    let chunks = 0;
    for (let at = 0; at < bytes.length; at += size, chunks++)
      await this.#jetStream.publish(this.#chunks(nuid), bytes.subarray(at, at + size), {});
    const meta = {
      name,
      options: { max_chunk_size: size },
      bucket: this.#bucket,
      nuid,
      size: bytes.length,
      mtime: new Date().toISOString(),
      chunks,
      digest: `SHA-256=${urlBase64(digest)}`,
    };
    await this.#jetStream.publish(this.#metaOf(name), JSON.stringify(meta), { 'Nats-Rollup': 'sub' });
    return name;
  }

  /** Returns an object; undefined if it is not there whole. */
  async get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const meta = await ifStream(this.#read(this.#metaOf(name)));
    if (!meta) return undefined;
    const chunks: Uint8Array[] = [];
    for (let seq = 1; ; ) {
      const next = { seq, next_by_subj: this.#chunks(meta.nuid) };
      const chunk = await this.#jetStream.read(this.#stream, next);
      if (!chunk) break;
      chunks.push(chunk.data);
      seq = chunk.sequence + 1;
    }
    const bytes = joined(chunks);
    return hexOf(await sha256(bytes)) === name ? bytes : undefined;
  }

  /** Removes all objects but these. */
  async keepOnly(names: readonly string[]): Promise<void> {
    const metas = (await ifStream(this.#jetStream.subjectsOf(this.#stream, `$O.${this.#bucket}.M.*`))) ?? [];
    const kept = names.map(name => this.#metaOf(name));
    for (const subject of metas) {
      if (kept.includes(subject)) continue;
      const meta = await this.#read(subject);
      const filters = [subject, ...(meta ? [this.#chunks(meta.nuid)] : [])];
      for (const filter of filters) await this.#jetStream.api(`STREAM.PURGE.${this.#stream}`, { filter });
    }
  }

  #read(subject: string): Promise<Meta | undefined> {
    return readKey<Meta>(this.#jetStream, this.#stream, subject, metaShape);
  }

  #chunks(nuid: string): string {
    return `$O.${this.#bucket}.C.${nuid}`;
  }

  #metaOf(name: string): string {
    return `$O.${this.#bucket}.M.${urlBase64(new TextEncoder().encode(name))}`;
  }
}

/** Resolves to undefined for a stream that is not there yet. */
export async function ifStream<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (hasCode(error, 'noStream')) return undefined;
    throw error;
  }
}

const sha256 = async (bytes: Uint8Array<ArrayBuffer>) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

const urlBase64 = (bytes: Uint8Array): string => toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_');
