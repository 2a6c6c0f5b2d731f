/** A limit and why it has the value it has. docs/LIMITS.md is printed from these rows. */
export interface Limit {
  name: string;
  default: number;
  unit: 'bytes' | 'characters' | 'lines' | 'modules' | 'ms' | 'pages' | 'redirects' | 'values';
  /** The option that changes it, if any. */
  option: string | null;
  why: string;
}

export const LIMITS = {
  kernelPages: {
    name: 'kernel memory of one plugin',
    default: 65_536,
    unit: 'pages',
    option: 'memory.maxPages',
    why: 'The most that 32-bit wasm memory can be (4 GiB), as native. Blocks of one call are counted; the memory of the plugin itself is not.',
  },
  varBytes: {
    name: 'variables of one plugin',
    default: 1_048_576,
    unit: 'bytes',
    option: 'memory.maxVarBytes',
    why: "Extism's native default. Keys and values are counted; 0 allows none.",
  },
  textBytes: {
    name: 'text that becomes a string: error texts, log messages, keys, HTTP requests, `output.text()`',
    default: 536_870_888,
    unit: 'bytes',
    option: null,
    why: 'The longest string of V8. Some engines could decode some longer texts; others cut them, or end the process. Refused by length, with TEXT_TOO_LONG. The same number of UTF-16 code units is the most that is encoded.',
  },
  jsonValues: {
    name: 'keys and values of one JSON text',
    default: 33_554_432,
    unit: 'values',
    option: null,
    why: 'V8 ends the process for arrays of 2^27 items and objects of some 2^24 keys. A text of 64 MiB cannot hold more than this.',
  },
  synchronousCompileBytes: {
    name: 'module that is compiled at once, not in the background',
    default: 262_144,
    unit: 'bytes',
    option: null,
    why: 'For a small module the way to a background thread and back takes longer than compiling; a large one would hold up the thread, and browsers refuse it.',
  },
  httpResponseBytes: {
    name: 'body of one HTTP response',
    default: 52_428_800,
    unit: 'bytes',
    option: 'memory.maxHttpResponseBytes',
    why: "Extism's native default. Counted while it arrives; 0 allows only empty bodies.",
  },
  urlCharacters: {
    name: 'URL of one HTTP request',
    default: 1_048_576,
    unit: 'characters',
    option: null,
    why: 'As browsers. Nine characters can become of one, and Node ends the process where they are too many for a string.',
  },
  httpRedirects: {
    name: 'redirects that one HTTP request follows',
    default: 10,
    unit: 'redirects',
    option: null,
    why: 'A server that redirects in a circle would keep the call for ever.',
  },
  queueMs: {
    name: 'wait of a call that may wait for itself',
    default: 30_000,
    unit: 'ms',
    option: 'queueTimeoutMs',
    why: 'Counts only while the same async host function is pending. Longer than most servers take to answer it; a call that waits for itself would wait for ever.',
  },
  keptModuleBytes: {
    name: 'wasm bytes whose compiled modules are kept for plugins made later',
    default: 33_554_432,
    unit: 'bytes',
    option: null,
    why: 'A few modules of the largest kind, such as standard Go makes; those used longest ago go first.',
  },
  keptModules: {
    name: 'compiled modules that are kept',
    default: 128,
    unit: 'modules',
    option: null,
    why: 'What an engine makes of a module takes far more than its bytes: without this, a million modules of 30 bytes would be kept.',
  },
  stdioLineBytes: {
    name: 'one line of stdout or stderr',
    default: 8192,
    unit: 'bytes',
    option: null,
    why: 'A longer line is handed on in pieces, so that a plugin which never ends its line takes no more than this.',
  },
  stdioLines: {
    name: 'last lines of stdout or stderr kept for error reports',
    default: 20,
    unit: 'lines',
    option: null,
    why: 'A panic message with its stack fits; a plugin that prints for ever takes no more.',
  },
  stdioBytes: {
    name: 'bytes of those last lines',
    default: 16_384,
    unit: 'bytes',
    option: null,
    why: 'The same, for long lines.',
  },
} as const satisfies Record<string, Limit>;
