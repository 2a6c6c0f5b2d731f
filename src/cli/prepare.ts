import { prepareModule } from '../module/prepare.ts';
import { hexOfSha256 } from '../module/source.ts';
import { nodePlatform } from '../platform/node.ts';
import { defineCommand } from './command.ts';
import { CliError } from './errors.ts';
import { readInputFile, writeOutputFile } from './files.ts';
import { writeStdout } from './stdio.ts';

export const prepare = defineCommand({
  name: 'prepare',
  summary: 'put limits into the bytes of a plugin, for platforms that compile none',
  about: `Writes a copy of a plugin whose bytes keep limits: its memory has a maximum, and its code counts fuel or asks for the time. workerd
compiles no bytes, so that a host there cannot add them. The host believes no mark: plugboard/esbuild and plugboard/vite
walk the bytes and note their limits and hashes, and createPlugin walks bytes that it gets.`,
  positionals: [{ name: 'FILE', help: 'file of the plugin' }],
  options: {
    out: { short: 'o', value: 'FILE', help: 'the prepared file' },
    'max-pages': {
      value: 'PAGES',
      unit: 'pages',
      grants: true,
      help: 'memory.max_pages: pages of 64 KiB by which each memory may grow',
    },
    'memory-pages': {
      value: 'PAGES',
      unit: 'pages',
      grants: true,
      help: 'limits.memoryPages: the most pages of its memories, tables and globals',
    },
    fuel: { help: 'a counter for limits.fuel, which needs no clock' },
    time: { help: 'checks for timeoutMs; not for workerd, whose clock stands still during a call' },
    fresh: { help: "exports of its state, so that isolation: 'fresh' needs no new instance" },
  },
  examples: ['plugboard prepare plugin.wasm -o prepared.wasm --memory-pages 128 --fuel'],
  run: async (
    [path = ''],
    { out, 'max-pages': maxPages, 'memory-pages': memoryPages, fuel, time, fresh },
  ) => {
    const fail = (message: string): never => {
      throw new CliError('USAGE', `${message}; see plugboard prepare --help`);
    };
    if (out === undefined) return fail('--out is missing: expected the path of the prepared file');
    if (maxPages === undefined && memoryPages === undefined && !fuel && !time && !fresh)
      fail('expected one of --max-pages, --memory-pages, --fuel, --time and --fresh at least');
    const prepared = prepareModule(await readInputFile(path), { maxPages, memoryPages, fuel, time, fresh });
    await writeOutputFile('--out', out, prepared);
    await writeStdout(`${await hexOfSha256(nodePlatform, prepared)}  ${out}\n`);
    return 0;
  },
});
