import type { Inspection } from '../inspect/inspection.ts';
import type { Finding, Hint, ImportName } from './report.ts';

/** The module that the rules look at. */
export interface Linted {
  name: string;
  inspection: Inspection;
  hints: readonly Hint[];
  /** Whether the code uses the older form of exception handling. */
  legacyExceptions: boolean;
  /** Imports that the start section can reach. */
  atStart: readonly ImportName[];
}

/** Repairs by language, in lower case; `any` for the others. */
export type Repairs = Readonly<Record<string, string>>;

/** The parts of a rule besides the test itself. */
export interface RuleText {
  /** Stable. Reports in SARIF use it, so that a finding is the same finding in the next run. */
  id: string;
  level: Finding['level'];
  /** The fact that it finds. */
  what: string;
  why: string;
  /** The text that the rule comes from. */
  source: string;
  repair: Repairs;
}

export interface LintRule extends RuleText {
  /** Returns the message; null if the rule does not apply. */
  find(module: Linted): string | null;
}

/** Exports for the toolchain: functions of memory, of numbers and of the runtime, which nobody calls as a plugin function. */
const OF_TOOLCHAIN =
  /^(_start|_initialize|_?malloc|_?free|calloc|realloc|memcpy|memset|f(min|max)imumf?|asyncify_\w+|hs_\w+|__\w+|cabi_\w+|canonical_abi_\w+|extism_\w+)$/;

const MOST_NAMES = 5;
const list = (names: readonly string[]): string =>
  names.length <= MOST_NAMES
    ? names.join(', ')
    : `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more`;

/** Returns the message of this advice of `inspect`. */
const adviceOf =
  (...codes: string[]) =>
  ({ inspection }: Linted): string | null =>
    inspection.advice.find(({ code }) => codes.includes(code))?.message ?? null;

/** The functions of the kernel that set an error text. */
const FOR_ERROR_TEXT: readonly string[] = ['alloc', 'store_u8', 'store_u64', 'error_set'];

export const LINT_RULES: readonly LintRule[] = [
  {
    id: 'export-type',
    level: 'warning',
    what: 'An exported function has another type than () -> () and () -> (i32).',
    why: 'A host calls exports of these types only. Input and output go through the kernel, not through parameters.',
    source: 'https://extism.org/docs/concepts/pdk',
    repair: {
      rust: 'mark it with #[plugin_fn]',
      go: 'declare it as func name() int32, and read the input with pdk.Input()',
      c: 'declare it as int32_t name(void)',
      zig: 'declare it as export fn name() i32',
      assemblyscript: 'declare it as export function name(): i32',
      any: 'Give it no parameters and no result, or one i32',
    },
    find: ({ inspection: { exports } }) => {
      const wrong = exports.filter(
        ({ name, kind, callable }) => kind === 'function' && callable === false && !OF_TOOLCHAIN.test(name),
      );
      if (wrong.length === 0) return null;
      return `${list(wrong.map(({ name, type }) => `${name} ${type}`))}: a host cannot call it`;
    },
  },
  {
    id: 'memory-maximum',
    level: 'note',
    what: 'A memory of the module has no maximum.',
    why: 'Only the limits of the host keep it from growing to 4 GiB. The toolchains declare no maximum unless they are told to.',
    source: 'https://webassembly.github.io/spec/core/syntax/types.html#limits',
    repair: {
      rust: '-C link-arg=--max-memory=BYTES',
      c: '-Wl,--max-memory=BYTES',
      zig: '--max-memory=BYTES',
      assemblyscript: '--maximumMemory PAGES',
      any: 'The host sets memory.maxPages, or plugboard prepare --max-pages writes a maximum into the module',
    },
    find: ({ inspection: { memories } }) => {
      const open = (memories ?? []).filter(({ maxPages, imported }) => maxPages === null && !imported);
      return open.length === 0 ? null : 'its memory may grow until the host stops it: it has no maximum';
    },
  },
  {
    id: 'legacy-exceptions',
    level: 'warning',
    what: 'The code uses the older form of exception handling: try, catch, delegate, rethrow.',
    why: 'WebAssembly 3.0 has try_table instead. Engines may drop the older form, and some never had it.',
    source:
      'https://github.com/WebAssembly/exception-handling/blob/main/proposals/exception-handling/legacy/Exceptions.md',
    repair: {
      c: '-mllvm -wasm-use-legacy-eh=false',
      rust: '-C llvm-args=-wasm-use-legacy-eh=false, or panic = "abort"',
      any: 'wasm-opt --translate-to-exnref rewrites a module',
    },
    find: ({ legacyExceptions }) =>
      legacyExceptions
        ? 'it catches exceptions in the older form, which is not part of WebAssembly 3.0'
        : null,
  },
  {
    id: 'wasm-bindgen',
    level: 'error',
    what: 'The module was built with wasm-bindgen.',
    why: 'Its imports are functions of a JavaScript page, which a plugin host does not have.',
    source: 'https://rustwasm.github.io/docs/wasm-bindgen/',
    repair: {
      any: 'Leave wasm-bindgen and the crates that use it out, such as js-sys, and build for wasm32-unknown-unknown or wasm32-wasip1 with a PDK',
    },
    find: module => {
      const advice = adviceOf('WASM_BINDGEN')(module);
      if (advice !== null) return advice;
      const { exports, sections } = module.inspection;
      const found = [...exports, ...sections].find(({ name }) => /^__wbindgen_|^__wasm_bindgen_/.test(name));
      return found ? `${found.name}: built with wasm-bindgen, for a JavaScript page` : null;
    },
  },
  {
    id: 'go-command-wasmexport',
    level: 'error',
    what: 'A Go command has exports made by //go:wasmexport.',
    why: 'The Go runtime starts in _start and has ended when that returns, so that these exports trap.',
    source: 'https://go.dev/blog/wasmexport',
    repair: { any: 'Build it with -buildmode=c-shared' },
    find: adviceOf('GO_WASMEXPORT'),
  },
  {
    id: 'go-export-comment',
    level: 'warning',
    what: 'Standard Go built a module that exports its start only.',
    why: 'Standard Go ignores //export for wasm: that comment is for TinyGo.',
    source: 'https://pkg.go.dev/cmd/compile#hdr-WebAssembly_directives',
    repair: {
      any: 'Mark functions with //go:wasmexport, and build with -buildmode=c-shared, Go 1.24 or later',
    },
    // A WASI program exports its start only, too. A plugin imports the kernel.
    find: module => (module.inspection.imports.kernel.length > 0 ? adviceOf('GO_EXPORT')(module) : null),
  },
  {
    id: 'old-namespace',
    level: 'error',
    what: 'The module imports from a namespace of older versions: env.extism_*, or wasi_unstable.',
    why: 'Nothing provides these functions since Extism 1.0 and WASI preview 1.',
    source: 'https://extism.org/docs/concepts/pdk',
    repair: { any: 'Rebuild it with a current PDK and compiler' },
    find: adviceOf('OLD_PDK', 'WASI_UNSTABLE'),
  },
  {
    id: 'debug-info',
    level: 'warning',
    what: 'The module carries debug information.',
    why: 'It makes the file larger, and tells names and paths of the machine that built it.',
    source: 'https://yurydelendik.github.io/webassembly-dwarf/',
    repair: {
      rust: 'build with --release and strip = true',
      go: "-ldflags='-s -w'",
      tinygo: '-no-debug',
      c: '-s, or without -g',
      zig: '-fstrip',
      assemblyscript: 'build without --debug and --sourceMap',
      any: 'wasm-opt --strip-debug takes it out of a module',
    },
    find: adviceOf('DEBUG_INFO'),
  },
  {
    id: 'start-section-kernel',
    level: 'warning',
    what: 'The start section can call functions of the kernel.',
    why: 'It runs while the module is instantiated. The native runtime has no kernel memory yet, and crashes.',
    source:
      'https://github.com/extism/extism/blob/0496ace9c6892ebe1ee01e027af9a65a1e0215d8/runtime/src/plugin.rs',
    repair: { any: 'Move the work into _initialize, or into the first call' },
    find: ({ atStart, inspection: { imports } }) => {
      const kernel = imports.kernel.filter(item =>
        atStart.some(({ namespace, name }) => namespace === item.namespace && name === item.name),
      );
      // A start section that only sets an error text fails anyway. AssemblyScript's `abort` is such a path in each module.
      if (kernel.every(({ name }) => FOR_ERROR_TEXT.includes(name))) return null;
      return `its start section can call ${list(kernel.map(({ name }) => name))}`;
    },
  },
];
