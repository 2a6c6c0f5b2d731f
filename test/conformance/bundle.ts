import { existsSync, readFileSync, statSync } from 'node:fs';
import { crc32, deflateRawSync } from 'node:zlib';

/** A module of this size goes to the second bundle. */
const LARGE_BYTES = 2 ** 20;

/** The folders of one of the two bundles. */
export function packedFolders(bundle: 'first' | 'go'): string[] {
  const folders = JSON.parse(readFileSync('fixtures/index.json', 'utf8')) as string[];
  return folders.filter(folder => {
    const { wasm } = JSON.parse(readFileSync(`fixtures/${folder}/cases.json`, 'utf8')) as { wasm: string };
    const path = `fixtures/${folder}/${wasm}`;
    const isLarge = existsSync(path) && statSync(path).size > LARGE_BYTES;
    return isLarge === (bundle === 'go');
  });
}

/** 1980-01-01, so that equal files make equal bytes. */
const DATE = 33;

/** Returns a zip archive. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16. */
export function zipOf(files: readonly (readonly [path: string, bytes: Uint8Array])[]): Buffer {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const [path, bytes] of files) {
    const name = Buffer.from(path);
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
