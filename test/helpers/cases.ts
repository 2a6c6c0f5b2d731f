import type { CaseFile } from '../../src/conformance/case.ts';
import type { Host } from '../../src/conformance/host.ts';
import { plugboardHost } from '../../src/conformance/plugboard-host.ts';
import type { PlugboardTerms } from '../../src/conformance/plugboard-terms.ts';
import { type SourceCaseFile, withShared } from '../../src/conformance/shared-cases.ts';
import type { ImportListener } from '../../src/host/listener.ts';
import { createPlugin } from '../../src/node.ts';
import { host, readJson } from './host.ts';
import { listenToImports } from './listen.ts';

export const readIndex = (): string[] => readJson('fixtures/index.json') as string[];
/** Modules of megabytes by one compiler, which `go-pdk` stands for where each module is compiled several times. */
const LIKE_GO_PDK = ['go-actors', 'go-counter', 'go-keeper', 'go-msgpack', 'wasi-go'];
/** Fixtures for tests that instrument each one. `npm run test:long` tries all. */
export const readInstrumentedIndex = (): string[] =>
  readIndex().filter(folder => host().thorough || !LIKE_GO_PDK.includes(folder));
/** As it is written, without the cases that it shares. */
export const readSourceFile = (folder: string): SourceCaseFile =>
  readJson(`fixtures/${folder}/cases.json`) as SourceCaseFile;
export function readCaseFile(folder: string): CaseFile {
  const file = readSourceFile(folder);
  return withShared(folder, file, file.shared === undefined ? [] : readSourceFile(file.shared).cases);
}

/** Returns a module of fixtures/. Compiled where the runtime only imports modules. */
export const readModule: PlugboardTerms['read'] = path =>
  host().module?.(`fixtures/${path}`) ?? host().readBytes(`fixtures/${path}`).slice();

/** plugboard on this runtime, with files of fixtures/. @param onImport gets each call of an import */
export function hostHere(options: NonNullable<PlugboardTerms['options']>, onImport?: ImportListener): Host {
  // To end or suspend a plugin takes compiled bytes, and in browsers a page that may share memory.
  const canWait = !host().module && globalThis.crossOriginIsolated !== false;
  const accessors = options.kernel === 'accessors' ? host().module?.('dist/abi/accessors.wasm') : undefined;
  return plugboardHost({
    create: (source, given = {}) => createPlugin(source, onImport ? listenToImports(given, onImport) : given),
    version: host().runtime,
    read: readModule,
    options: { ...options, accessors },
    more: [...(canWait ? ['timeouts', 'waiting-host-functions'] : []), ...(host().module ? [] : ['hashes'])],
  });
}
