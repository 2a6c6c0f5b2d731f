import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ambientName, declarationPath, describeFile, findSchema } from '../build/load.ts';
import { hexOfSha256 } from '../module/source.ts';
import { nodePlatform } from '../platform/node.ts';
import { reasonOf } from '../platform/system-error.ts';
import { type PluginTypes, printDeclaration, printModule } from '../types/index.ts';
import { HEADER } from '../types/printing.ts';
import { defineCommand } from './command.ts';
import { CliError } from './errors.ts';
import { noteOutputs, readInputFile, writeOutputFile } from './files.ts';
import { writeLines, writeStderr } from './stdio.ts';

export const types = defineCommand({
  name: 'types',
  summary: 'write a typed wrapper of a plugin: a module of JavaScript and its .d.ts',
  about: `Writes a module that creates the plugin, and its types. They come from an XTP schema; else from the metadata of an
actor, whose get_metadata runs within limits of time and memory; else from the exports, which take and give bytes.`,
  positionals: [{ name: 'FILE', help: 'file of the plugin' }],
  options: {
    schema: {
      value: 'FILE',
      help: 'XTP schema, as YAML or JSON (default: NAME.xtp.yaml, .yml or .json\nbeside NAME.wasm, if it is there)',
    },
    out: {
      value: 'FILE',
      help: 'the module, ending in .mjs or .js (default: FILE.mjs); the types go beside it',
    },
    ambient: {
      not: ['out'],
      help: 'write only FILE.plugboard.d.ts, for imports of FILE?plugboard through\nplugboard/esbuild or plugboard/vite',
    },
    json: { not: ['out', 'ambient'], help: 'write no file, and print the types as JSON' },
    timeout: { value: 'MS', unit: 'milliseconds', help: 'time limit of get_metadata (default: 10000)' },
  },
  examples: [
    'plugboard types counter.wasm',
    'plugboard types plugin.wasm --schema plugin.xtp.yaml --out src/plugin.js',
    'plugboard types --json counter.wasm',
  ],
  run: async ([path = ''], { schema = findSchema(path), out = `${path}.mjs`, ambient, json, timeout }) => {
    const bytes = await readInputFile(path);
    if (schema !== undefined) await readInputFile(schema);
    const found = await describeFile(bytes, { schema, timeoutMs: timeout || undefined });
    if (json) {
      await writeLines(JSON.stringify(found, null, 2).split('\n'));
      return 0;
    }
    if (ambient) {
      await writePrinted({ [declarationPath(path)]: printDeclaration(found, { module: ambientName(path) }) });
    } else {
      if (!/\.m?js$/.test(out)) {
        throw new CliError(
          'USAGE',
          `--out: expected a path that ends in .mjs or .js, got ${JSON.stringify(out)}`,
        );
      }
      const declaration = out.replace(/\.(m?)js$/, '.d.$1ts');
      await writePrinted({
        [declaration]: printDeclaration(found),
        [out]: await printFor(path, out, bytes, found),
      });
    }
    for (const fact of found.unknown) writeStderr('types', fact);
    return 0;
  },
});

async function printFor(path: string, out: string, bytes: Uint8Array<ArrayBuffer>, found: PluginTypes) {
  const way = relative(dirname(resolve(out)), resolve(path));
  // From one drive of Windows to another there is no relative path.
  const to = isAbsolute(way)
    ? pathToFileURL(path).href
    : `./${way.split(sep).map(encodeURIComponent).join('/')}`;
  const source = `new URL(${JSON.stringify(to)}, import.meta.url)`;
  return printModule(found, { source, gives: 'url', sha256: await hexOfSha256(nodePlatform, bytes) });
}

/** Writes files. Replaces only files that were printed before. @throws {CliError} FILE */
async function writePrinted(files: Record<string, string>): Promise<void> {
  noteOutputs(Object.keys(files).map(path => ({ name: '--out', path })));
  for (const path of Object.keys(files)) {
    if (existsSync(path) && !startsWithHeader(path)) {
      const message = `${path}: expected a file that plugboard has printed, got another one; remove it, or give --out`;
      throw new CliError('FILE', message);
    }
  }
  for (const [path, text] of Object.entries(files)) {
    await writeOutputFile('--out', path, text);
    await writeLines([path]);
  }
}

function startsWithHeader(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').startsWith(HEADER);
  } catch (error) {
    throw new CliError('FILE', `${path}: ${reasonOf(error)}`, { cause: error });
  }
}
