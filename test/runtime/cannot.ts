import { COMMANDS } from './commands.ts';

/**
 * Tests that are skipped on some runtimes, each with the reason that the run prints.
 * RATIONALE: why-are-skips-a-table
 */
export interface Cannot {
  runtimes: readonly RuntimeId[];
  /** Matches the path of the test file below dist/test. */
  file: RegExp;
  /** Matches `suite › test`. Without it the file is not even loaded. */
  test?: RegExp;
  /** Beginnings of `suite › test` that run nevertheless. */
  kept?: readonly string[];
  reason: string;
}

export type RuntimeId =
  | 'node-at-hand'
  | 'node'
  | 'deno'
  | 'bun'
  | 'workerd'
  | 'chromium'
  | 'chromium-plain'
  | 'firefox';

const browsers = ['chromium', 'chromium-plain', 'firefox'] as const;
const bundled = ['workerd', ...browsers] as const;
/** Their engine is that of Node. */
const withV8 = ['deno', 'workerd', 'chromium', 'chromium-plain'] as const;
/** They have processes and files, as the Node at hand, which runs all tests: `npm test`. */
const programs = ['node', 'deno', 'bun'] as const;

export const CANNOT: readonly Cannot[] = [
  {
    runtimes: withV8,
    file: /^(audit\/(reach|hostile|hostile-table|lint|lint-trace|report)|fuzz\/fuzz|abi\/differential|pool\/leak|replay\/cases)\.test/,
    reason:
      'much computing that asks nothing of the runtime but its engine: Node has it too, Firefox has another one',
  },
  {
    runtimes: ['node', 'bun'],
    file: /^pool\/leak\.test/,
    reason: 'much computing that asks nothing of the runtime: the Node at hand and Firefox run it',
  },
  {
    runtimes: ['node', 'bun', 'firefox'],
    file: /^fuzz\/fuzz\.test/,
    reason: 'much computing that asks nothing of the runtime: the Node at hand runs it',
  },
  {
    runtimes: ['node'],
    file: /^abi\/differential\.test/,
    reason: 'much computing that asks nothing of the runtime but its engine: that of the Node at hand',
  },
  {
    runtimes: ['node', 'bun', 'firefox'],
    file: /^audit\/(hostile|hostile-table)\.test/,
    reason: 'computing on bytes, the same everywhere',
  },
  {
    runtimes: ['node', 'bun', 'firefox'],
    file: /^audit\/lint-trace\.test/,
    test: /^audit: lint of traces of the fixtures ›/,
    reason: 'computing on traces, the same everywhere',
  },
  {
    runtimes: ['bun'],
    file: /^replay\/cases\.test/,
    test: /^recordings of (script|wasi-script)/,
    reason: 'JavaScriptCore gets slower with each memory, and each recording makes several',
  },
  {
    runtimes: ['node'],
    file: /^replay\/cases\.test/,
    test: /^recordings of wasi-script(,| in)/,
    reason: 'starts a worker for each: the Node at hand runs it',
  },
  {
    runtimes: ['node', 'bun', 'firefox'],
    file: /^audit\/reach\.test/,
    test: /^audit: reach › (the fixture|random)/,
    reason: 'much computing on bytes: the Node at hand runs it',
  },
  {
    runtimes: ['node', 'bun', ...withV8],
    file: /^src\/(fuel|meter|fresh)\.test/,
    test: /stays valid|end as those of new plugins|fixtures are put back in place|the longest bodies/,
    reason: 'rewrites large modules: the Node at hand runs it, and Firefox with another engine',
  },
  {
    runtimes: ['node', 'firefox', ...withV8],
    file: /^cases\.test/,
    test: /, reference kernel ›/,
    reason: 'the reference kernel is JavaScript alone: the Node at hand and Bun run it',
  },
  {
    runtimes: ['firefox'],
    file: /^src\/security\.test/,
    test: /\(reference\) › .*recurse_(print|log|var): /,
    reason: 'Firefox takes 15 seconds to the end of its stack; the same plugins run over the accessors',
  },
  {
    runtimes: ['deno'],
    file: /^hostile-arguments\.test/,
    reason: 'arguments are checked before the platform is asked; Bun has another engine',
  },
  {
    runtimes: ['chromium-plain'],
    file: /^(abi|audit|fuel|msgpack|network|page|pool|replay|types|wasi)\/|^cases\.test/,
    reason:
      'without shared memory only workers, time limits and waits differ; the page beside it runs the rest',
  },
  {
    runtimes: ['bun'],
    file: /^(src\/traps|cli\/diagnosis)\.test/,
    test: /the functions of a trap stand|names (the|at most 16) functions|a name is cut/,
    reason: 'Bun writes "unknown" instead of the names of wasm functions into the stack of an error',
  },
  {
    runtimes: programs,
    file: /^docs\.test/,
    test: /^spec tables › (of this repository are proved|docs\/\S+ equals the output)/,
    reason: 'some of the suites that prove rows are left to the Node at hand',
  },
  {
    runtimes: programs,
    file: /^cli\/(action|conformance|conformance-lines|compare)\.test/,
    reason: 'starts bash, or another host, which asks nothing of this runtime',
  },
  {
    runtimes: programs,
    file: /^cli\/(diagnosis|graph|inspect|inspect-trace|lock|policy|trace)\.test/,
    reason:
      'prints the results of functions whose own suites run here; the walk-through starts these commands here too',
  },
  {
    runtimes: programs,
    file: /^cli\/(build|call|call-modules|debug-log|replay|run|run-access|run-files|run-graph|types|usage)\.test/,
    test: /./,
    kept: COMMANDS,
    reason:
      'each starts a process, and most ask no more of the runtime than those of test/runtime/commands.ts, which run',
  },
  {
    runtimes: ['deno'],
    file: /^cli\/run-graph\.test/,
    test: /SIGINT/,
    reason: 'Deno tells no exit code of a process to which it has sent a signal',
  },
  { runtimes: bundled, file: /^cli\//, reason: 'the command line program needs processes and files' },
  { runtimes: bundled, file: /^create\//, reason: 'npm create is a program of Node, which writes files' },
  {
    runtimes: ['deno'],
    file: /^create\/command\.test/,
    reason: 'npm runs the program on Node, and Deno may not start compilers',
  },
  {
    runtimes: bundled,
    file: /^(layers|docs|exports|prose|signatures|api|pages|testing|conformance|ways\/ways|network\/lease-simulation|audit\/schemas)\.test/,
    reason: "about the repository's sources, pages and package, the same everywhere",
  },
  { runtimes: bundled, file: /^replay\/thread\.test/, reason: 'starts a thread of Node' },
  {
    runtimes: bundled,
    file: /^build\//,
    reason: 'printed modules, and the plugins of build tools, are files',
  },
  {
    runtimes: ['deno'],
    file: /^build\/(esbuild|typescript|page)\.test/,
    reason: 'esbuild and the type checker are programs, which Deno may not start',
  },
  {
    runtimes: bundled,
    file: /^network\/(plugin-path|journal)\.test/,
    reason: 'about modules and journals in files, which only Node, Deno and Bun have',
  },
  {
    runtimes: bundled,
    file: /^actor\/example\.test/,
    reason: 'the demo reads its plugins from files',
  },
  {
    runtimes: bundled,
    file: /^actor\/(node-entry|file-state)\.test/,
    reason: 'about files and other features of Node, Deno and Bun',
  },
  {
    runtimes: bundled,
    file: /^hostile-arguments\.test/,
    reason: 'calls all functions of the entries for Node, nodeFolder and FileState among them',
  },
  {
    runtimes: bundled,
    file: /^realms\.test/,
    reason:
      'calls the entries for Node with values of a node:vm context; the brands beneath run in an iframe too',
  },
  {
    runtimes: ['deno', ...bundled],
    file: /^src\/foreign-globals\.test/,
    reason:
      'about the contexts of jest, which runs on Node; esbuild bundles for it, which Deno may not start',
  },
  {
    runtimes: bundled,
    file: /^(wasi|src)\/host-folders\.test/,
    reason: 'there are no folders of a host; the same suites run on files in memory',
  },
  {
    runtimes: ['deno'],
    file: /^wasi\/host-folders\.test/,
    test: /pipes are seen|no file of the host is left open|^wasi\/devices of the host|every device of the host/,
    reason:
      'Deno shows /proc/self and /dev, and starts the program that makes a pipe, only with every permission',
  },
  {
    runtimes: bundled,
    file: /^src\/http-(server|public)\.test/,
    reason: 'there is no server to ask; the same is asked of a fetch that the suites bring along',
  },
  {
    runtimes: bundled,
    file: /^src\/left-open\.test/,
    reason:
      'about processes, and workers of Node, Deno and Bun; the other suites in workers run in browsers too',
  },
  {
    runtimes: ['deno', 'bun'],
    file: /^src\/left-open\.test/,
    test: /where Node may start no workers/,
    reason: 'about a flag of Node',
  },
  {
    runtimes: ['workerd'],
    file: /./,
    test: / in a worker › | › (.*: )?worker: |^pool of workers › /,
    reason: 'there are no workers; that it is said so is tested',
  },
  {
    runtimes: ['chromium-plain'],
    file: /./,
    test: / in a worker › | › (.*: )?worker: |^pool of workers › |a worker that (dies at once|cannot be started) is a creation error/,
    reason:
      'the page is not cross-origin isolated, so that workers share no memory; that it is said so is tested',
  },
  {
    runtimes: ['workerd'],
    file: /^src\/error-text\.test/,
    test: /the text set before a time-out/,
    reason: 'modules come compiled, so that no checks can be added; that it is said so is tested',
  },
  {
    runtimes: ['workerd'],
    file: /^cases\.test/,
    test: /faults\.signature\.result-f64/,
    reason: 'an imported module does not tell the types of its functions, and 0 as f64 looks like 0 as i32',
  },
  {
    runtimes: ['workerd'],
    file: /^audit\/reach\.test/,
    test: /the fixture faults/,
    reason: 'one of its cases needs the types of its functions, which an imported module does not tell',
  },
  {
    runtimes: ['workerd'],
    file: /^src\/(prepare|memory-pages)\.test/,
    test: /a (compiled|prepared) module keeps (memory|its limit with fuel)/,
    reason: 'suites are lent one module for the same bytes, so that its noted limits stay',
  },
  {
    runtimes: ['workerd'],
    file: /^src\/(deadline|checks)\.test/,
    reason: 'bytes are not compiled there, which is refused; and its clock stands still while a plugin runs',
  },
  {
    runtimes: ['workerd'],
    file: /^network\/network\.test/,
    test: /a pipe of a port that waits can be aborted/,
    reason: 'pipeTo of workerd waits for its source although its signal has fired, and does not cancel it',
  },
  {
    runtimes: ['workerd'],
    file: /^network\/nats-reload\.test/,
    reason: 'bytes are not compiled there, so that a time limit is refused',
  },
  {
    runtimes: ['workerd'],
    file: /^src\/large-module\.test/,
    test: /checks in its code/,
    reason: 'bytes are not compiled there, so that a time limit is refused',
  },
  {
    runtimes: ['workerd'],
    file: /^trace\/trace\.test/,
    test: /an ended call/,
    reason: 'bytes are not compiled there, so that a time limit is refused',
  },
  {
    runtimes: ['workerd'],
    file: /^fuel\/counts\.test/,
    test: /^fuel counts › the calls of/,
    reason: 'bytes are not compiled there, so that fuel is refused; prepared modules are tested in EDGE',
  },
  {
    runtimes: ['workerd'],
    file: /^src\/create\.test/,
    test: /a time limit of/,
    reason: 'bytes are not compiled there, so that a time limit is refused',
  },
  {
    runtimes: ['workerd'],
    file: /^src\/capabilities\.test/,
    test: /supportsTimeouts/,
    reason: 'bytes seem to be compiled where suites are lent modules; asked of a Worker without them',
  },
  {
    runtimes: ['workerd'],
    file: /^(fuzz\/fuzz|src\/(reader|meter|inspect))\.test/,
    test: /random module|damaged bytes|it was cut is cut again|first seeds of (reader|meter)/,
    reason:
      'bytes are not compiled there, and random modules of another engine, with other features, cannot be lent',
  },
  {
    runtimes: ['workerd'],
    file: /^(audit\/(compare|hostile|reach|report)|fuzz\/fuzz)\.test/,
    test: /random |damaged|compiled|stays within its bounds|first seeds of (audit|recording)/,
    reason: 'bytes are not compiled there, and random modules of another engine cannot be lent',
  },
  {
    runtimes: ['workerd'],
    file: /^replay\//,
    reason: 'bytes are not compiled there, so that the modules in a recording cannot be replayed',
  },
  {
    runtimes: ['workerd'],
    file: /^network\/faults\.test/,
    test: /that loops/,
    reason: 'bytes are not compiled there, so that a time limit is refused',
  },
  {
    runtimes: ['workerd'],
    file: /^network\/letters\.test/,
    test: /has the recording of its call/,
    reason: 'bytes are not compiled there, so that the modules in a recording cannot be replayed',
  },
  {
    runtimes: ['workerd'],
    file: /^src\/inspect\.test/,
    test: /modules that it stops|lists the needed options|of a compiled module|would run, with every import/,
    reason: 'the test evaluates source text, which workerd forbids',
  },
  {
    runtimes: ['workerd'],
    file: /^brands\.test/,
    test: /another realm|Module of|^brands › values of/,
    reason: 'a Worker makes no second realm, and compiles no bytes',
  },
  {
    runtimes: ['chromium-plain'],
    file: /^brands\.test/,
    test: /[sS]hared/,
    reason: 'the page is not cross-origin isolated, so that it has no SharedArrayBuffer',
  },
];

/** The reason why a whole file is left out, if it is. */
export const cannotLoad = (runtime: RuntimeId, file: string): string | undefined =>
  rowsOf(runtime, file).find(row => !row.test)?.reason;

/** The reason why a test of a file that is loaded is left out, if it is. */
export const cannotRun = (runtime: RuntimeId, file: string, title: string): string | undefined =>
  rowsOf(runtime, file).find(
    row => row.test?.test(title) && !row.kept?.some(start => title.startsWith(start)),
  )?.reason;

const rowsOf = (runtime: RuntimeId, file: string) =>
  CANNOT.filter(row => row.runtimes.includes(runtime) && row.file.test(file));
