import { attempt } from '../errors.ts';
import { isObject } from '../values/object.ts';

/** Stands for a secret in a trace or a recording. */
export const HIDDEN = '[secret]';

/** Names of headers and of query parameters whose values open doors. */
const CREDENTIAL =
  /^(proxy-)?authorization$|cookie|token|secret|passw|api[-_]?key|access[-_]?key|credential|signature|^x-auth|^(auth|key|sig|session)$/i;

/** Values of credential headers that are shorter are not looked for elsewhere: they would match too much. */
const LEARNED_CHARACTERS = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes as a text of one character each, in which a text can be looked for. */
function toChars(bytes: Uint8Array): string {
  let chars = '';
  for (let at = 0; at < bytes.length; at += 8192)
    chars += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return chars;
}

function fromChars(chars: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chars.length);
  for (let index = 0; index < chars.length; index++) bytes[index] = chars.charCodeAt(index);
  return bytes;
}

/** The texts that must not be written, and the ways in which they are usually encoded. */
export class Secrets {
  /** As bytes, one character each; the longest first, because one may be a part of another. */
  #forms: string[] = [];

  constructor(texts: readonly string[] = []) {
    for (const text of texts) this.add(text);
  }

  add(text: string): void {
    this.addBytes(encoder.encode(text));
  }

  addBytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const [chars, text] = [toChars(bytes), decoder.decode(bytes)];
    const forms = [
      chars,
      toChars(encoder.encode(JSON.stringify(text).slice(1, -1))),
      attempt(() => encodeURIComponent(text), chars),
      btoa(chars).replace(/=+$/, ''),
      Array.from(chars, char => char.charCodeAt(0).toString(16).padStart(2, '0')).join(''),
    ];
    this.#forms = [...new Set([...this.#forms, ...forms])].sort((a, b) => b.length - a.length);
  }

  /** Returns the bytes with `[secret]` in place of each secret; the same object if there is none. */
  clean(bytes: Uint8Array): Uint8Array {
    if (this.#forms.length === 0) return bytes;
    const chars = toChars(bytes);
    const cleaned = this.#forms.reduce((rest, form) => rest.replaceAll(form, HIDDEN), chars);
    return cleaned === chars ? bytes : fromChars(cleaned);
  }

  /** Returns the bytes with asterisks in place of each secret, as many as it has bytes; the same object if there is none. */
  mask(bytes: Uint8Array): Uint8Array {
    if (this.#forms.length === 0) return bytes;
    const chars = toChars(bytes);
    const masked = this.#forms.reduce((rest, form) => rest.replaceAll(form, '*'.repeat(form.length)), chars);
    return masked === chars ? bytes : fromChars(masked);
  }

  cleanText(text: string): string {
    const bytes = encoder.encode(text);
    const cleaned = this.clean(bytes);
    return cleaned === bytes ? text : decoder.decode(cleaned);
  }

  /** Learns the values of credential headers, and returns the others with `[secret]` in their places. */
  cleanHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(headers).map(([name, value]) => {
        if (!CREDENTIAL.test(name)) return [name, value];
        if (typeof value === 'string') {
          // The word before a token is its scheme: RFC 9110 section 11.4.
          for (const part of [value, value.replace(/^\S+ +/, '')])
            if (part.length >= LEARNED_CHARACTERS) this.add(part);
        }
        return [name, HIDDEN];
      }),
    );
  }

  /** Hides user, password and the parameters that are credentials. */
  cleanUrl(text: string): string {
    if (!URL.canParse(text)) return HIDDEN;
    const url = new URL(text);
    const hide = (value: string) => {
      if (value.length >= LEARNED_CHARACTERS) this.add(value);
      return HIDDEN;
    };
    if (url.password) url.password = hide(attempt(() => decodeURIComponent(url.password), url.password));
    if (url.username) url.username = HIDDEN;
    for (const [name, value] of [...url.searchParams])
      if (CREDENTIAL.test(name)) url.searchParams.set(name, hide(value));
    return url.href;
  }

  /** Cleans a request or its headers, as the kernel passes them. Null for bytes of another form, which are not shown at all. */
  cleanJson(kind: 'request' | 'headers', bytes: Uint8Array): Uint8Array | null {
    const json: unknown = attempt(() => JSON.parse(decoder.decode(bytes)) as unknown, null);
    if (!isObject(json)) return null;
    if (kind === 'headers') return encoder.encode(JSON.stringify(this.cleanHeaders(json)));
    const { url, headers, header } = json;
    const cleaned = {
      ...json,
      ...(typeof url === 'string' && { url: this.cleanUrl(url) }),
      ...(isObject(headers) && { headers: this.cleanHeaders(headers) }),
      ...(isObject(header) && { header: this.cleanHeaders(header) }),
    };
    return encoder.encode(JSON.stringify(cleaned));
  }
}
