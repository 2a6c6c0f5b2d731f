import type { Random } from '../../wasi/index.ts';
import { toBase64 } from '../values/base64.ts';
import type { TraceContent, TraceError, TraceValues } from './events.ts';
import { hmac } from './hmac.ts';
import type { Secrets } from './secrets.ts';

const KEY_BYTES = 32;
const HMAC_DIGITS = 32;

const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
const encoder = new TextEncoder();

/** Writes values as the option `values` asks for. */
export class Contents {
  readonly values: TraceValues;
  readonly #maxValueBytes: number;
  /** Made for this trace and kept nowhere else. */
  readonly #key = new Uint8Array(KEY_BYTES);

  constructor(values: TraceValues, maxValueBytes: number, random: Random) {
    this.values = values;
    this.#maxValueBytes = maxValueBytes;
    random.fill(this.#key);
  }

  /** Whether bytes are looked at. Without, only their length is written. */
  get wantsBytes(): boolean {
    return this.values !== 'none';
  }

  of(bytes: Uint8Array, secrets: Secrets, kind?: string): TraceContent {
    const content: TraceContent = { bytes: bytes.length };
    if (!this.wantsBytes) return content;
    const read = kind === 'request' || kind === 'headers' ? secrets.cleanJson(kind, bytes) : bytes;
    if (read === null) return { ...content, secret: true };
    const cleaned = secrets.clean(read);
    if (cleaned !== read) content.secret = true;
    if (this.values === 'keyed') return { ...content, hmac: this.#hmac(cleaned) };
    return { ...content, ...this.#shown(cleaned) };
  }

  ofText(text: string, secrets: Secrets): TraceContent {
    return this.of(encoder.encode(text), secrets);
  }

  /** Writes a number that a plugin passes to a host function. It may be data, so that it is left out too. */
  ofNumber(value: unknown, secrets: Secrets): { value?: number | string; hmac?: string; secret?: true } {
    if (!this.wantsBytes) return {};
    const text = String(value);
    if (secrets.cleanText(text) !== text) return { secret: true };
    if (this.values === 'keyed') return { hmac: this.#hmac(encoder.encode(text)) };
    return { value: plain(value) };
  }

  error(error: unknown, secrets: Secrets): TraceError {
    const { code, message, exitCode } = Object(error) as Partial<Record<keyof TraceError, unknown>>;
    return {
      code: typeof code === 'string' ? secrets.cleanText(code) : 'TRAP',
      ...(typeof exitCode === 'number' && { exitCode }),
      ...(this.values === 'all' && { message: secrets.cleanText(String(message)) }),
    };
  }

  #hmac(bytes: Uint8Array): string {
    return hmac(this.#key, bytes).slice(0, HMAC_DIGITS);
  }

  #shown(bytes: Uint8Array): TraceContent {
    const most = this.#maxValueBytes;
    const isCut = bytes.length > most;
    const cut = isCut ? { cut: true as const } : {};
    try {
      // A character may lie across the cut.
      for (let end = Math.min(bytes.length, most); ; end--) {
        if (isCut && end > 0 && (bytes[end]! & 0xc0) === 0x80) continue;
        return { text: strict.decode(bytes.subarray(0, end)), ...cut };
      }
    } catch {
      return { base64: toBase64(bytes.subarray(0, most)), ...cut };
    }
  }
}

/** A number as JSON takes it: beyond 2^53, and where JSON has none, as text. */
export function plain(value: unknown): number | string {
  const number = Number(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(number) ? number : String(value);
  return Number.isFinite(number) && !Object.is(number, -0)
    ? number
    : Object.is(number, -0)
      ? '-0'
      : String(value);
}
