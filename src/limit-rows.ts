import { AUDIT_LIMITS, LIMITS as HOST_LIMITS } from './limits.ts';

const DEFAULTS = { ...HOST_LIMITS, ...AUDIT_LIMITS };

/** A limit and the reason for its value. docs/LIMITS.md is printed from these rows. */
export interface Limit {
  name: string;
  default: number;
  unit:
    | 'bytes'
    | 'characters'
    | 'events'
    | 'limits'
    | 'lines'
    | 'modules'
    | 'ms'
    | 'pages'
    | 'pairs'
    | 'plugins'
    | 'redirects'
    | 'steps'
    | 'uses'
    | 'values';
  /** The option that changes it, if any. */
  option: string | null;
  why: string;
}

export const LIMITS = {
  kernelPages: {
    name: 'kernel memory of one plugin',
    ...DEFAULTS.kernelPages,
    unit: 'pages',
    option: 'memory.maxPages',
    why: 'The largest 32-bit wasm memory (4 GiB), as native. Blocks of one call are counted; the memory of the plugin itself is not.',
  },
  varBytes: {
    name: 'variables of one plugin',
    ...DEFAULTS.varBytes,
    unit: 'bytes',
    option: 'memory.maxVarBytes',
    why: "Extism's native default. Keys and values are counted; 0 allows none.",
  },
  textBytes: {
    name: 'text that becomes a string: error texts, log messages, keys, HTTP requests, `output.text()`',
    ...DEFAULTS.textBytes,
    unit: 'bytes',
    option: null,
    why: 'The longest string of V8. For longer texts, some engines decode some of them, others cut them or end the process. Refused by length, with TEXT_TOO_LONG. Strings of more UTF-16 code units than this are not encoded either.',
  },
  jsonValues: {
    name: 'keys and values of one JSON text',
    ...DEFAULTS.jsonValues,
    unit: 'values',
    option: null,
    why: 'V8 ends the process for arrays of 2^27 items and for objects of about 2^24 keys. A text of 64 MiB cannot hold more values than this.',
  },
  synchronousCompileBytes: {
    name: 'module that is compiled at once, not in the background',
    ...DEFAULTS.synchronousCompileBytes,
    unit: 'bytes',
    option: null,
    why: 'For a small module, a background thread takes longer than compiling at once; a large one would block the thread, and browsers refuse it.',
  },
  httpResponseBytes: {
    name: 'body of one HTTP response',
    ...DEFAULTS.httpResponseBytes,
    unit: 'bytes',
    option: 'memory.maxHttpResponseBytes',
    why: "Extism's native default. Counted while it arrives; 0 allows only empty bodies.",
  },
  urlCharacters: {
    name: 'URL of one HTTP request',
    ...DEFAULTS.urlCharacters,
    unit: 'characters',
    option: null,
    why: 'The limit of browsers. One character can become nine, and Node ends the process if the result is too long for a string.',
  },
  httpRedirects: {
    name: 'redirects that one HTTP request follows',
    ...DEFAULTS.httpRedirects,
    unit: 'redirects',
    option: null,
    why: 'With a server that redirects in a circle, the call would never end.',
  },
  queueMs: {
    name: 'wait of a call that may wait for itself',
    ...DEFAULTS.queueMs,
    unit: 'ms',
    option: 'queueTimeoutMs',
    why: 'Counts only while the same async host function is pending. Most servers answer sooner; without a limit, a call that waits for itself would wait for ever.',
  },
  keptModuleBytes: {
    name: 'wasm bytes whose compiled modules are kept for plugins made later',
    ...DEFAULTS.keptModuleBytes,
    unit: 'bytes',
    option: null,
    why: 'Room for a few of the largest modules, such as those of standard Go; the modules used longest ago are dropped first.',
  },
  keptModules: {
    name: 'compiled modules that are kept',
    ...DEFAULTS.keptModules,
    unit: 'modules',
    option: null,
    why: 'A compiled module takes far more memory than its bytes. Modules whose bytes came once so far: only the latest 8 are kept.',
  },
  compiledVariants: {
    name: 'limits for which a `CompiledPlugin` keeps compiled modules',
    ...DEFAULTS.compiledVariants,
    unit: 'limits',
    option: null,
    why: 'Each other `memory.max_pages` changes the bytes of a module. The limits used first are dropped first.',
  },
  poolPlugins: {
    name: 'plugins of a `PluginPool` at one time',
    ...DEFAULTS.poolPlugins,
    unit: 'plugins',
    option: 'max',
    why: 'A plugin takes the memory of its instance and of its kernel; idle ones are counted.',
  },
  poolQueue: {
    name: 'uses that wait for a plugin of a pool',
    ...DEFAULTS.poolQueue,
    unit: 'uses',
    option: 'queue',
    why: 'A use that waits holds its input. Without a limit, a pool that is too slow takes ever more memory.',
  },
  poolQueuePerKey: {
    name: 'uses of one key that wait for a plugin of a pool',
    ...DEFAULTS.poolQueuePerKey,
    unit: 'uses',
    option: 'queuePerKey',
    why: 'One tenant cannot fill the queue of all.',
  },
  stdioLineBytes: {
    name: 'one line of stdout or stderr',
    ...DEFAULTS.stdioLineBytes,
    unit: 'bytes',
    option: null,
    why: 'A longer line is passed on in pieces, so that a plugin that never ends its line uses no more memory than this.',
  },
  stdioLines: {
    name: 'last lines of stdout or stderr kept for error reports',
    ...DEFAULTS.stdioLines,
    unit: 'lines',
    option: null,
    why: 'A panic message with its stack fits; a plugin that prints for ever uses no more memory.',
  },
  stdioBytes: {
    name: 'bytes of those last lines',
    ...DEFAULTS.stdioBytes,
    unit: 'bytes',
    option: null,
    why: 'Limits the memory of the kept lines when they are long.',
  },
  traceEvents: {
    name: 'events of one trace',
    ...DEFAULTS.traceEvents,
    unit: 'events',
    option: 'maxEvents of createTrace',
    why: 'About 300 MB of JSON Lines. Later events are dropped and counted, so that a plugin in an endless loop does not fill a disk.',
  },
  traceValueBytes: {
    name: 'bytes of one value in a trace',
    ...DEFAULTS.traceValueBytes,
    unit: 'bytes',
    option: 'maxValueBytes of createTrace',
    why: 'Enough for a request or a log line. The length of the whole value is written in any case.',
  },
  pageEvents: {
    name: 'events that a page of `toHtml` shows',
    ...DEFAULTS.pageEvents,
    unit: 'events',
    option: null,
    why: 'A page of about 6 MB, which browsers open at once. Findings and numbers are those of all events that it is given.',
  },
  recordingBytes: {
    name: 'bytes of answers in one recording',
    ...DEFAULTS.recordingBytes,
    unit: 'bytes',
    option: 'maxBytes of createRecorder',
    why: 'More than an HTTP response may have. Calls from the first that takes more are not recorded, as the recording says. A replay keeps as many more.',
  },
  replayMs: {
    name: 'time of one call of a replay',
    ...DEFAULTS.replayMs,
    unit: 'ms',
    option: 'timeoutMs of replay',
    why: 'A recording may come from anywhere, and its module may never end. Nothing is waited for, so that calls take less time than those recorded.',
  },
  reachSteps: {
    name: 'steps from function to function for the reach of all exports in one report of plugboard/audit',
    ...DEFAULTS.reachSteps,
    unit: 'steps',
    option: null,
    why: 'Standard Go takes 500,000. A hostile module with many exports would take the square of its size. Exports beyond it have an unknown reach.',
  },
  reachPairs: {
    name: 'pairs of an export and an import that it can reach, in one report of plugboard/audit',
    ...DEFAULTS.reachPairs,
    unit: 'pairs',
    option: null,
    why: 'Each pair has a path of names, so that a hostile module would make a report of gigabytes. Exports beyond it have an unknown reach.',
  },
} as const satisfies Record<keyof typeof DEFAULTS, Limit>;

/** A budget of one call. docs/LIMITS.md is printed from these rows. */
export interface BudgetRow {
  name: string;
  why: string;
}

export const BUDGETS = {
  fuel: {
    name: 'units of fuel: about one for each wasm instruction, one for 16 bytes of a bulk instruction',
    why: 'The same count on every engine, and without a clock: also on workerd, for modules of `plugboard prepare --fuel`. Start sections are cut too. A bulk instruction is paid before it runs. Not cut: an import (those of plugboard too: `memoryPages` bounds each), copied data segments, one `memory.grow`. Each module may use the whole limit; the sum is checked after the call.',
  },
  memoryPages: {
    name: 'pages of all memories, tables (8 bytes an element), globals (16 bytes) and blocks in the kernel memory',
    why: 'Checked at creation and after each call (MEMORY_LIMIT). Meanwhile each module is capped at the limit, and the kernel memory at the pages left at creation. Tables, and memories that are not exported, cannot grow. Not counted: code, segments, objects of WasmGC, the call stack, values on the host, further instances of a command, empty kernel pages.',
  },
  hostCalls: {
    name: 'calls of functions in the option `functions`',
    why: 'Each may cost the host more than the plugin: a query, a message, a payment.',
  },
  httpRequests: {
    name: 'HTTP requests, those after a redirect included',
    why: 'A plugin in a loop would use up the quota of the host at a service.',
  },
  httpBytes: {
    name: 'bytes of the bodies of HTTP requests and responses',
    why: 'Counted while they arrive: traffic costs money, and `memory.maxHttpResponseBytes` limits one response only.',
  },
  logBytes: {
    name: 'bytes of log messages at the level of the logger or above, and of stdout and stderr',
    why: 'A plugin that logs in a loop would fill the disk of the host. Printing ends at the next import after the limit.',
  },
  varWrites: {
    name: 'calls of `var_set`, deletions included',
    why: '`memory.maxVarBytes` limits the size of variables, not how often they change.',
  },
  outputBytes: {
    name: 'bytes of the output',
    why: 'The output is copied, and the caller may copy it again. The kernel memory alone limits it otherwise.',
  },
} as const satisfies Record<string, BudgetRow>;
