/** The suites that name a source file, the quickest first. Filters of `node dist/test/index.js`, each a process of its own. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  'abi/accessors': ['abi/accessors', 'abi/access'],
  'abi/assemble': ['abi/accessors'],
  'abi/brands': ['brands', 'realms', 'abi/text'],
  'abi/block-table': ['abi/blocks', 'abi/memory', 'abi/hand-over'],
  'abi/encode': ['abi/encode', 'src/reader', 'abi/accessors'],
  'abi/env': ['abi/env', 'abi/store', 'abi/text'],
  'abi/errors': ['abi/memory'],
  'abi/header': ['abi/memory', 'abi/transfer'],
  'abi/http': ['abi/text', 'src/http.test', 'src/http-request', 'src/http-public', 'src/text-length'],
  'abi/imports': ['abi/env', 'abi/access'],
  'abi/json': ['src/http.test', 'abi/env'],
  'abi/kernel': ['abi/transfer', 'abi/store', 'src/plugin'],
  'abi/memory': ['abi/memory', 'abi/blocks', 'abi/transfer', 'abi/hand-over'],
  'abi/opcodes': ['abi/encode', 'src/reader', 'src/meter'],
  'abi/shared-backing': ['abi/hand-over', 'src/workers'],
  'abi/signatures': ['abi/env'],
  'abi/size-classes': ['abi/blocks', 'abi/memory'],
  'abi/spec': ['abi/env', 'abi/accessors'],
  'abi/utf8': ['abi/utf8', 'abi/text'],
  'abi/vars': ['abi/store', 'hostile-arguments'],
  'wasi/brands': ['brands', 'realms', 'wasi/sinks'],
  'wasi/descriptors': ['wasi/fd', 'wasi/preview1', 'wasi/hostile', 'wasi/start'],
  'wasi/files/memory-': ['wasi/memory-fs'],
  'wasi/files/path-': ['wasi/path-fs', 'wasi/path.test', 'wasi/path-contract', 'wasi/preview2'],
  'wasi/files/path-volume': ['wasi/path-volume', 'wasi/path-contract'],
  'wasi/files/path-resolver': ['wasi/path.test', 'wasi/path-contract', 'wasi/hostile'],
  'wasi/files/read-only-fs': ['wasi/read-only', 'wasi/memory-fs', 'wasi/fd'],
  'wasi/files/readdir': ['wasi/fd', 'wasi/memory-fs', 'wasi/embedder-fs'],
  'wasi/files/sparse-bytes': ['wasi/memory-fs'],
  'wasi/functions/args': ['wasi/strings'],
  'wasi/functions/clock': ['wasi/clock'],
  'wasi/functions/environ': ['wasi/strings'],
  'wasi/functions/fd': ['wasi/fd', 'wasi/embedder-fs', 'wasi/hostile', 'wasi/memory-fs'],
  'wasi/functions/path': ['wasi/path.test', 'wasi/embedder-fs', 'wasi/hostile', 'wasi/memory-fs'],
  'wasi/functions/poll': ['wasi/poll'],
  'wasi/functions/process': ['wasi/clock'],
  'wasi/functions/random': ['wasi/clock'],
  'wasi/functions/socket': ['wasi/fd'],
  'wasi/functions/strings': ['wasi/strings', 'wasi/hostile'],
  'wasi/functions/times': ['wasi/clock', 'wasi/memory-fs', 'wasi/fd'],
  'wasi/functions/transfer': ['wasi/fd', 'wasi/hostile'],
  'wasi/memory': ['wasi/memory.test', 'wasi/hostile'],
  'wasi/options': ['wasi/kind-of', 'options', 'wasi/start', 'wasi/sinks'],
  'wasi/other-versions': ['wasi/start', 'src/link'],
  'wasi/preview1': ['wasi/preview1', 'wasi/start'],
  'wasi/preview2': ['wasi/preview2'],
  'wasi/provided/coarse-clock': ['wasi/clock', 'wasi/web'],
  'wasi/provided/sinks': ['wasi/sinks'],
  'wasi/provided/web': ['wasi/web'],
  'wasi/result': ['wasi/embedder-fs', 'wasi/fd'],
  'wasi/rights': ['wasi/fd', 'wasi/path-contract'],
  'wasi/seen': ['trace/tables'],
  'wasi/spec': ['wasi/spec'],
  'wasi/structs': ['wasi/fd'],
  'wasi/trace': ['wasi/trace'],
  'wasi/wasi-options': ['wasi/start', 'options'],
};

/** Run for every mutant of the wing that the suites above have not killed. */
const WING: Readonly<Record<string, readonly string[]>> = {
  abi: [
    'abi/memory abi/store abi/text abi/transfer abi/access abi/blocks abi/env abi/utf8 abi/hand-over',
    'src/plugin src/http.test',
    'abi/differential',
    'docs',
  ],
  wasi: [
    'wasi/fd wasi/embedder-fs wasi/path wasi/poll wasi/preview wasi/sinks wasi/start wasi/strings wasi/web wasi/clock',
    'wasi/memory wasi/hostile wasi/spec wasi/trace wasi/programs wasi/compiled src/wasi-output',
    'docs',
  ],
};

/** Returns the filters for a source file, in the order in which they run. The longest prefix of `NAMED` that fits counts. */
export function suitesFor(file: string): readonly string[] {
  const prefix = Object.keys(NAMED)
    .filter(name => file.startsWith(name))
    .reduce((longest, name) => (name.length > longest.length ? name : longest), '');
  return [...(NAMED[prefix] ?? []), ...WING[file.slice(0, file.indexOf('/'))]!];
}
