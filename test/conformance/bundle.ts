import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import type { Expectations } from '../../src/cli/conformance/expectations.ts';
import { ERROR_NAMES } from '../../src/conformance/error-names.ts';
import { readCaseFile, readIndex } from '../helpers/cases.ts';

/** A module of this size goes to the second bundle. */
const LARGE_BYTES = 2 ** 19;
const VERSION = '2.0.0';

export type PackedFile = readonly [path: string, bytes: Uint8Array];

export const isLarge = (folder: string): boolean =>
  statSync(`fixtures/${folder}/${readCaseFile(folder).wasm}`).size > LARGE_BYTES;

/** The two bundles, and the folders besides those of their cases. */
const BUNDLES = [
  { name: 'plugboard-conformance', hasLarge: false, more: ['adapters'] },
  { name: 'plugboard-conformance-go', hasLarge: true, more: [] },
];

const textOf = (json: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`);

/** The files of each bundle. Their cases are in full, those that folders share included. */
export const bundles = () =>
  BUNDLES.map(({ name, hasLarge, more }) => {
    const folders = readIndex().filter(folder => isLarge(folder) === hasLarge);
    const description = 'Conformance cases for hosts of Extism plugins and Reflow actors.';
    const copied = [...folders, ...more].flatMap(folder => filesBelow('fixtures', folder));
    const cases = folders.map(folder => [`${folder}/cases.json`, readCaseFile(folder)] as const);
    const ids = new Set(cases.flatMap(([, file]) => file.cases.map(({ id }) => id)));
    const expectations = filesBelow('fixtures', 'expectations');
    const files = new Map<string, Uint8Array>([
      ...[...copied, 'cases.schema.json'].map(path => [path, readFileSync(join('fixtures', path))] as const),
      ...filesBelow('fixtures/conformance').map(
        path => [path, readFileSync(join('fixtures/conformance', path))] as const,
      ),
      ...cases.map(([path, file]) => [path, textOf(file)] as const),
      ...expectations.map(path => [path, textOf(expectationsOf(path, ids))] as const),
      ['index.json', textOf(folders)],
      ['errors.json', textOf(Object.fromEntries(ERROR_NAMES))],
      ['package.json', textOf({ name, version: VERSION, description, license: 'MIT-0' })],
    ]);
    return { name, version: VERSION, files: [...files].sort(([one], [other]) => (one < other ? -1 : 1)) };
  });

/** Returns the files below a folder of `root`, by their path from there. */
const filesBelow = (root: string, folder = ''): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map(path => join(folder, path).replaceAll('\\', '/'))
    .filter(path => statSync(join(root, path)).isFile() && !path.includes('__pycache__'));

/** The expectations of a host about the cases of one bundle. */
function expectationsOf(path: string, ids: ReadonlySet<string>): Record<string, unknown> {
  const { xfail, skip, ...rest } = JSON.parse(readFileSync(join('fixtures', path), 'utf8')) as Expectations;
  const chosen = (known: object) => Object.fromEntries(Object.entries(known).filter(([id]) => ids.has(id)));
  return { ...rest, xfail: chosen(xfail), skip: chosen(skip) };
}

/** 1980-01-01, so that equal files make equal bytes. */
const DATE = 33;

/** Returns a zip archive. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16. */
export function zipOf(folder: string, files: readonly PackedFile[]): Buffer {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const [path, bytes] of files) {
    const name = Buffer.from(`${folder}/${path}`);
    const packed = deflateRawSync(bytes, { level: 9 });
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from('PK\x03\x04'), common, name, packed);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    entries.push(Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, rest, name);
    at += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, directory, Buffer.from('PK\x05\x06'), end]);
}
