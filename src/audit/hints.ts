import type { Inspection } from '../inspect/inspection.ts';
import type { Section } from '../wasm/reader.ts';
import type { Hint } from './report.ts';

/** Hints of one kind for each module, and characters of each. A longer list helps no reader. */
const MAX_HINTS = 50;
const MAX_CHARACTERS = 200;

/** Data is decoded in pieces, because engines limit the length of a string. Neighbours overlap by the longest hint. */
const CHUNK_BYTES = 1 << 20;

interface Search {
  kind: Hint['kind'];
  pattern: RegExp;
  /** Returns the hint in a match; null for a match that is not one. */
  read(text: string): string | null;
}

const TOP_LEVEL = /\.(com|org|net|io|dev|app|cloud|ai|co)$/;
const urlOf = (text: string): string => text.replace(/[.,;:]+$/, '');

/** Texts in data. Each pattern reads each character once, so that hostile data takes no longer than other data. */
const SEARCHES: readonly Search[] = [
  { kind: 'url', pattern: /(?:https?|wss?):\/\/[\w.\-~:/?#@!$&*+,;=%]{3,200}/g, read: urlOf },
  {
    kind: 'host',
    pattern: /[\w.-]{4,200}/g,
    read: text => (/^[a-z\d][a-z\d.-]*$/i.test(text) && TOP_LEVEL.test(text) ? text : null),
  },
  { kind: 'path', pattern: /\/(?:etc|home|root|usr|var|tmp|proc|dev|opt|srv)\/[\w./-]{1,180}/g, read: urlOf },
  {
    kind: 'key',
    pattern: /[A-Z\d_]{5,64}/g,
    read: text => (/^[A-Z].*_(KEY|TOKEN|SECRET|PASSWORD|URL|HOST|USER|ID)$/.test(text) ? text : null),
  },
];

/** Signs of languages and PDKs, besides the custom section `producers`. */
const SIGNS: readonly { kind: 'language' | 'pdk'; text: string; sign: RegExp }[] = [
  { kind: 'language', text: 'Rust', sign: /\/rustc\/[\da-f]{8}|library\/(core|std|alloc)\/src/ },
  { kind: 'language', text: 'Zig', sign: /\bzig[\w-]*\/lib\/std\b|reached unreachable code/ },
  { kind: 'language', text: 'AssemblyScript', sign: /~lib\/|~\0l\0i\0b\0\/\0/ },
  { kind: 'language', text: 'Go', sign: /\bruntime\.(goexit|mallocgc)\b/ },
  { kind: 'pdk', text: 'extism-pdk for Rust', sign: /extism-pdk-\d/ },
  { kind: 'pdk', text: 'Extism go-pdk', sign: /github\.com\/extism\/go-pdk/ },
  { kind: 'pdk', text: 'Reflow SDK', sign: /reflow_(actor|wasm)|reflow-wasm/ },
];

/** Finds texts of interest. They prove nothing: a plugin may build other texts when it runs. */
export function findHints(
  module: string,
  bytes: Uint8Array | null,
  sections: readonly Section[],
  inspection: Inspection,
): Hint[] {
  const found = new Map<Hint['kind'], Set<string>>();
  const add = (kind: Hint['kind'], text: string) => {
    const texts = found.get(kind) ?? new Set();
    if (texts.size < MAX_HINTS) found.set(kind, texts.add(text.slice(0, MAX_CHARACTERS)));
  };
  const { producers } = inspection;
  for (const text of producers?.language ?? []) add('language', text);
  for (const text of producers?.processedBy ?? []) add('tool', text);
  for (const text of producers?.sdk ?? []) add('pdk', text);
  if (inspection.reflow) add('pdk', `Reflow SDK${inspection.reflow.sdk ? `, ${inspection.reflow.sdk}` : ''}`);
  for (const { name, custom } of inspection.sections)
    if (custom && /^(\.debug_|name$|external_debug_info$|sourceMappingURL$)/.test(name)) add('debug', name);
  const data = sections.find(({ id, name }) => id > 0 && name === 'data');
  if (bytes && data) eachText(bytes, data, text => searchText(text, add));
  return [...found].flatMap(([kind, texts]) => [...texts].map(text => ({ kind, module, text })));
}

function eachText(
  bytes: Uint8Array,
  { offset, sizeBytes, contentsOffset }: Section,
  use: (text: string) => void,
) {
  const decoder = new TextDecoder('latin1');
  const end = offset + sizeBytes;
  for (let at = contentsOffset; at < end; at += CHUNK_BYTES)
    use(decoder.decode(bytes.subarray(at, Math.min(end, at + CHUNK_BYTES + MAX_CHARACTERS))));
}

function searchText(text: string, add: (kind: Hint['kind'], text: string) => void): void {
  for (const { kind, pattern, read } of SEARCHES)
    for (const [match] of text.matchAll(pattern)) {
      const hint = read(match);
      if (hint) add(kind, hint);
    }
  for (const { kind, text: hint, sign } of SIGNS) if (sign.test(text)) add(kind, hint);
}
