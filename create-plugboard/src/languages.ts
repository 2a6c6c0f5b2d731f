/** A program or file that the build needs. scripts/tools.mjs of a project looks for it. */
interface Tool {
  name: string;
  /** Prints something, and ends with 0, where the tool is installed. */
  command?: readonly string[];
  /** The command prints the path of a folder, which must exist. */
  printsFolder?: true;
  /** The oldest version, compared with the first number pair that the command prints. */
  oldest?: readonly [major: number, minor: number];
  /** Needed file, instead of a command. */
  file?: string;
  /** Variable of the environment with which the tool is not needed. */
  unless?: string;
  /** The command or page that installs it, by the platform of Node. */
  install: { readonly default: string; readonly darwin?: string; readonly win32?: string };
}

export interface Language {
  title: string;
  /** For those who choose: the tool, and the size of the modules of the templates. */
  hint: string;
  /** The folder in templates/. Go and TinyGo share theirs. */
  folder: string;
  /** The folder in sdk/, and the package by which npm finds it. */
  sdk: string;
  sdkPackage?: string;
  tools: readonly Tool[];
  /** Path of the built module. `{{name}}` and `{{crate}}` are filled in here too. */
  wasm: string;
  build: readonly string[];
  /** Variables of the environment of the build. */
  env: Readonly<Record<string, string>>;
  /** Shell command for the tests in the language. */
  test: string;
  /** Folders with sources, and the names in them that `npm run dev` watches. */
  folders: readonly string[];
  watched: string;
  /** Further dependencies for development from npm. */
  packages: Readonly<Record<string, string>>;
  /** Further placeholders. */
  words: Readonly<Record<string, string>>;
}

const GO_PAGE = 'https://go.dev/doc/install';
const GO: Tool = {
  name: 'Go 1.24 or newer',
  command: ['go', 'env', 'GOVERSION'],
  oldest: [1, 24],
  install: { default: GO_PAGE, darwin: 'brew install go', win32: 'winget install GoLang.Go' },
};
const GO_FILES = '`main.go` has the exports, and the other `.go` files have the code and its tests.';
const ASC = 'node_modules/assemblyscript/bin/asc.js';

export const LANGUAGES = {
  rust: {
    title: 'Rust',
    hint: 'compiled by cargo; modules of some 100 KB',
    folder: 'rust',
    sdk: 'rust',
    tools: [
      {
        name: 'Rust',
        command: ['cargo', '--version'],
        install: {
          default: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh",
          win32: 'winget install Rustlang.Rustup',
        },
      },
      {
        name: "Rust's target wasm32-unknown-unknown",
        command: ['rustc', '--print', 'target-libdir', '--target', 'wasm32-unknown-unknown'],
        printsFolder: true,
        // With it Cargo builds the standard library itself.
        unless: 'CARGO_UNSTABLE_BUILD_STD',
        install: { default: 'rustup target add wasm32-unknown-unknown' },
      },
    ],
    wasm: 'target/wasm32-unknown-unknown/release/{{crate}}.wasm',
    build: ['cargo', 'build', '--release', '--target', 'wasm32-unknown-unknown'],
    env: {},
    test: 'cargo test',
    folders: ['.', 'src'],
    watched: '\\.(rs|toml|txt|jsonl)$',
    packages: {},
    words: { files: 'The code and its tests are in `src/lib.rs`.' },
  },
  go: {
    title: 'Go',
    hint: 'needs Go 1.24; modules of 3 MB',
    folder: 'go',
    sdk: 'go',
    tools: [GO],
    wasm: '{{name}}.wasm',
    build: ['go', 'build', '-buildmode=c-shared', '-ldflags=-s -w', '-o', '{{name}}.wasm', '.'],
    env: { GOOS: 'wasip1', GOARCH: 'wasm' },
    test: 'go test .',
    folders: ['.'],
    watched: '\\.(go|mod|txt|jsonl)$',
    packages: {},
    words: { export: '//go:wasmexport', files: GO_FILES },
  },
  tinygo: {
    title: 'TinyGo',
    hint: 'the same sources as Go; modules of some 400 KB',
    folder: 'go',
    sdk: 'go',
    tools: [
      GO,
      {
        name: 'TinyGo',
        command: ['tinygo', 'version'],
        install: {
          default: 'https://tinygo.org/getting-started/install/',
          darwin: 'brew install tinygo-org/tools/tinygo',
          win32: 'scoop install tinygo',
        },
      },
    ],
    wasm: '{{name}}.wasm',
    build: ['tinygo', 'build', '-target', 'wasip1', '-no-debug', '-o', '{{name}}.wasm', '.'],
    env: {},
    test: 'go test .',
    folders: ['.'],
    watched: '\\.(go|mod|txt|jsonl)$',
    packages: {},
    words: { export: '//export', files: GO_FILES },
  },
  assemblyscript: {
    title: 'AssemblyScript',
    hint: "TypeScript's syntax, needs npm alone; modules of some 30 KB",
    folder: 'assemblyscript',
    sdk: 'assemblyscript',
    sdkPackage: 'reflow-wasm-actor',
    tools: [{ name: 'AssemblyScript', file: ASC, install: { default: 'npm install' } }],
    wasm: 'build/{{name}}.wasm',
    build: [
      'node',
      ASC,
      'assembly/index.ts',
      '-Oz',
      '--use',
      'abort=assembly/abort/onAbort',
      '--outFile',
      'build/{{name}}.wasm',
    ],
    env: {},
    test: 'asc assembly/tests.ts --debug --bindings esm --outFile build/tests.wasm && node --test test/assembly.test.mjs',
    folders: ['.', 'assembly'],
    watched: '\\.(ts|txt|jsonl)$',
    packages: { '@extism/as-pdk': '1.0.0', assemblyscript: '^0.28.20' },
    words: {
      files:
        '`assembly/index.ts` has the exports, `assembly/tests.ts` the tests, `assembly/abort.ts` the way of an error to the host.',
    },
  },
} as const satisfies Readonly<Record<string, Language>>;

export type LanguageName = keyof typeof LANGUAGES;
export const LANGUAGE_NAMES = Object.keys(LANGUAGES) as readonly LanguageName[];

export const KINDS = ['plugin', 'actor'] as const;
export type Kind = (typeof KINDS)[number];
