import type { CaseFile } from '../../src/conformance/case.ts';
import type { Host } from '../../src/conformance/host.ts';
import { plugboardHost } from '../../src/conformance/plugboard-host.ts';
import type { PlugboardTerms } from '../../src/conformance/plugboard-terms.ts';
import { createPlugin } from '../../src/node.ts';
import { host, readJson } from './host.ts';

export const readIndex = (): string[] => readJson('fixtures/index.json') as string[];
export const readCaseFile = (folder: string): CaseFile =>
  readJson(`fixtures/${folder}/cases.json`) as CaseFile;

/** plugboard on this runtime, with files of fixtures/. */
export function hostHere(options: NonNullable<PlugboardTerms['options']>): Host {
  // To end or suspend a plugin takes compiled bytes, and in browsers a page that may share memory.
  const canWait = !host().module && globalThis.crossOriginIsolated !== false;
  const accessors = options.kernel === 'accessors' ? host().module?.('dist/abi/accessors.wasm') : undefined;
  return plugboardHost({
    create: createPlugin,
    version: host().runtime,
    // Compiled where the runtime only imports modules.
    read: path => host().module?.(`fixtures/${path}`) ?? host().readBytes(`fixtures/${path}`).slice(),
    options: { ...options, accessors },
    more: [...(canWait ? ['timeouts', 'waiting-host-functions'] : []), ...(host().module ? [] : ['hashes'])],
  });
}
