import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createTrace } from '../../audit/node.ts';
import { type Host, HostLost } from '../../conformance/host.ts';
import { plugboardHost } from '../../conformance/plugboard-host.ts';
import { createPlugin } from '../../node.ts';
import { CliError } from '../errors.ts';
import { readJsonFile } from '../files.ts';
import { writeStderr } from '../stdio.ts';
import { processHost } from './process-host.ts';
import { wordsOf } from './words.ts';

/** Hosts with an adapter among the cases, by the names that `--host` takes. */
export const ADAPTERS: Readonly<Record<string, (adapters: string) => string[]>> = {
  native: adapters => ['python3', join(adapters, 'native.py')],
  'go-sdk': adapters => ['go', 'run', '-C', join(adapters, 'go-sdk'), '.'],
  'js-sdk': adapters => [process.execPath, join(adapters, 'js-sdk.mjs')],
};

const LABELS: Readonly<Record<string, string>> = { 'extism:host/env': 'env', wasi_snapshot_preview1: 'wasi' };

/**
 * plugboard itself, whose modules are read from `folder`.
 * @param imports gets the functions of the host that plugins call, such as `env.alloc`
 */
export function ownHost(folder: string, imports?: Set<string>): Host {
  const { version } = createRequire(import.meta.url)('plugboard/package.json') as { version: string };
  const read = (path: string) => new Uint8Array(readFileSync(resolve(folder, path)));
  const more = ['hashes', 'timeouts', 'waiting-host-functions'];
  const trace =
    imports &&
    createTrace({
      onEvent: event => {
        if (event.type === 'import')
          imports.add(`${LABELS[event.namespace] ?? event.namespace}.${event.name}`);
      },
    });
  const create: typeof createPlugin = (manifest, options) => createPlugin(manifest, { ...options, trace });
  return plugboardHost({ create, version, read, more });
}

/**
 * Starts the program of a host: a name of `ADAPTERS`, or a command.
 * @param timeoutS time for each answer in seconds, 0 for no limit
 * @throws {CliError} FILE, USAGE
 */
export async function startHost(text: string, folder: string, timeoutS: number): Promise<Host> {
  const adapter = Object.hasOwn(ADAPTERS, text) ? ADAPTERS[text]!(join(folder, 'adapters')) : null;
  const timeoutMs = timeoutS === 0 ? Number.POSITIVE_INFINITY : timeoutS * 1000;
  try {
    const host = await processHost(adapter ?? wordsOf(text), folder, timeoutMs);
    await warnOfFeatures(host, folder);
    return host;
  } catch (error) {
    if (!(error instanceof HostLost)) throw error;
    throw new CliError('FILE', `--host ${text}: ${error.message}`, { cause: error });
  }
}

/** The part of cases.schema.json that lists the features. */
interface Schema {
  $defs: { requires: { items: { enum: readonly string[] } } };
}

/** A misspelt feature skips the cases that need it. */
async function warnOfFeatures({ capabilities }: Host, folder: string): Promise<void> {
  const path = join(folder, 'cases.schema.json');
  if (!existsSync(path)) return;
  const known = ((await readJsonFile(path)) as Schema).$defs.requires.items.enum;
  for (const name of capabilities)
    if (!known.includes(name))
      writeStderr('warning', `--host: these cases know no feature ${JSON.stringify(name)}`);
}
