/** The services of the runtime that the suites use. Set once, by the entry, before any suite loads. */
export interface TestHost {
  /** Such as `node 20.20.2`. */
  runtime: string;
  /** Whether random tests should try many more seeds, as in `npm run test:long`. */
  thorough?: boolean;
  /** The bytes of a file of the repository, by its path from the root. */
  readBytes(path: string): Uint8Array;
  /** Names of the files in a folder of the repository, sorted; folders end with a slash. */
  list(path: string): string[];
  /** Absolute path of a file of the repository. Only where there is a file system. */
  path(path: string): string;
  /** The reason why a test cannot run here; undefined if it can. Left out where every test can run. */
  cannot?(suite: string, test: string): string | undefined;
  /** A wasm file of the repository, compiled by the runtime. Left out where bytes can be compiled. */
  module?(path: string): WebAssembly.Module;
}

let current: TestHost | undefined;

export function setTestHost(testHost: TestHost): void {
  current = testHost;
}

export function host(): TestHost {
  if (!current) throw new Error('no test host: run the suites through an entry of test/');
  return current;
}

export const readText = (path: string): string => new TextDecoder().decode(host().readBytes(path));
export const readJson = (path: string): unknown => JSON.parse(readText(path));
