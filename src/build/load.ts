import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { isUint8Array, viewBytes } from '../../wasi/brands.ts';
import { describe, messageOf, PlugboardError } from '../errors.ts';
import { inspect } from '../inspect/index.ts';
import { preparationOf } from '../module/prepare.ts';
import { hexOfSha256 } from '../module/source.ts';
import { nodePlatform } from '../platform/node.ts';
import { describePlugin, type PluginTypes, printDeclaration } from '../types/index.ts';
import { toBase64 } from '../values/base64.ts';
import { askMetadata } from './ask.ts';
import { type BuildOptions, type BuiltPlugin, METADATA_MS } from './options.ts';

/** The query that an import of a plugin ends with, as in `./plugin.wasm?plugboard`. */
export const QUERY = '?plugboard';
export const IMPORTED = /\.wasm\?plugboard$/;
export const withoutQuery = (text: string): string => text.slice(0, -QUERY.length);

/**
 * Returns the path of a plugin. Another plugin or a setting of the build may answer with something that is not the path of a
 * file; a relative import then means the file beside its importer.
 * @throws {PlugboardError} UNSUPPORTED
 */
export function pathBeside(found: string, isFile: boolean, specifier: string, importer?: string): string {
  if (isFile && isAbsolute(found)) return found;
  if (isAbsolute(specifier)) return specifier;
  const isRelative = /^\.\.?\//.test(specifier) && importer !== undefined && isAbsolute(importer);
  if (isRelative) return resolve(dirname(importer.replace(/\?.*$/, '')), specifier);
  const message = `${specifier}: this build leaves the import out or gives it to another plugin`;
  throw new PlugboardError('UNSUPPORTED', `${message}, so import a plugin by a path such as "./plugin.wasm"`);
}

/**
 * Reads a plugin's file and describes it, as the options say.
 * @param watched Gets the files that it reads, also when it fails
 */
export async function loadPlugin(
  path: string,
  options: BuildOptions,
  watched: string[],
): Promise<{ plugin: BuiltPlugin; warnings: string[] }> {
  const { transform, lock, dts = true } = options;
  const schema = (options.schema ?? findSchema)(path);
  watched.push(path, ...(schema === undefined ? [] : [schema]));
  const file = new Uint8Array(await readFile(path));
  const bytes = transform ? readTransformed(await transform(file.slice(), path), path) : file;
  // The file's own code tells its types: a transform may only limit it.
  const types = await describeFile(file, { schema, timeoutMs: options.timeoutMs });
  const [fileSha256, sha256] = [
    await hexOfSha256(nodePlatform, file),
    await hexOfSha256(nodePlatform, bytes),
  ];
  const plugin: BuiltPlugin = { path, fileSha256, sha256, bytes, types };
  await lock?.({ ...plugin, bytes: bytes.slice() });
  const warnings = dts ? await writeDeclaration(path, types) : [];
  return { plugin, warnings };
}

/** Describes a plugin. Runs `get_metadata` of an actor, within limits, unless a schema is given. */
export async function describeFile(
  bytes: Uint8Array,
  { schema, timeoutMs = METADATA_MS }: { schema?: string | undefined; timeoutMs?: number | undefined },
): Promise<PluginTypes> {
  if (schema !== undefined) {
    return describePlugin(bytes, { schema: await readFile(schema, 'utf8'), schemaName: schema });
  }
  const inspection = inspect(bytes);
  if (!inspection.reflow?.metadata) return describePlugin(bytes);
  return describePlugin(bytes, { metadata: await askMetadata(bytes, inspection, timeoutMs) });
}

/** Returns the path of the XTP schema beside a plugin, if there is one. */
export const findSchema = (path: string): string | undefined =>
  ['.xtp.yaml', '.xtp.yml', '.xtp.json']
    .map(end => path.replace(/\.wasm$/, '') + end)
    .find(name => existsSync(name));

/** The source of a plugin whose bytes stand in the JavaScript. Not every runtime has `Uint8Array.fromBase64`. */
export const inlineSource = (bytes: Uint8Array) => ({
  source: `Uint8Array.from(atob(${JSON.stringify(toBase64(bytes))}), byte => byte.charCodeAt(0))`,
  gives: 'bytes' as const,
});

/**
 * Returns the expression of a compiled module that notes its hashes and limits, which the module itself does not show. They are
 * read from the bytes.
 */
export function tableEntry(name: string, { sha256, fileSha256, bytes }: BuiltPlugin) {
  const prepared = preparationOf(viewBytes(bytes)!.slice());
  const facts = JSON.stringify({ sha256, fileSha256, prepared });
  return {
    imports: `import { builtModule } from 'plugboard/audit';`,
    source: `builtModule(${name}, ${facts})`,
  };
}

function readTransformed(given: unknown, path: string): Uint8Array<ArrayBuffer> {
  const bytes = isUint8Array(given) ? viewBytes(given)?.slice() : undefined;
  if (bytes) return bytes;
  const message = `transform: expected the bytes of ${path} as a Uint8Array, got ${describe(given)}`;
  throw new PlugboardError('INVALID_OPTION', message);
}

/** The name of the module in a declaration. A path may not be relative there; the last part of it is enough. */
export function ambientName(path: string): string {
  const name = basename(path);
  if (!name.includes('*')) return `*/${name}${QUERY}`;
  throw new PlugboardError(
    'INVALID_OPTION',
    `${path}: expected a file name without "*", which TypeScript cannot declare`,
  );
}

export const declarationPath = (path: string): string => `${path}.plugboard.d.ts`;

/** Writes the declaration of the import, unless it is there. A folder that cannot be written to fails no build. */
async function writeDeclaration(path: string, types: PluginTypes): Promise<string[]> {
  const file = declarationPath(path);
  const text = printDeclaration(types, { module: ambientName(path) });
  try {
    if (!existsSync(file) || (await readFile(file, 'utf8')) !== text) await writeFile(file, text);
    return [];
  } catch (error) {
    return [`${file}: the types are not written: ${messageOf(error)}`];
  }
}
