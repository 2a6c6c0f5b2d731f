import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { npm } from '../runtime/npm.ts';

/** The environment in which the blocks of a chapter run. */
export type Toolchain = Readonly<Record<string, string>>;

const DEBIAN_RUST = ['/usr/bin/rustc', '/usr/bin/cargo', '/usr/bin/wasm-ld-19'];

function findRust(): Toolchain | string {
  const target = 'wasm32-unknown-unknown';
  const libraries = printed('rustc', '--print', 'target-libdir', '--target', target);
  if (libraries && existsSync(libraries)) return {};
  if (!DEBIAN_RUST.every(existsSync)) return `the installed Rust cannot compile for ${target}`;
  // Debian has no standard library for the target, but has its source.
  return {
    PATH: `/usr/bin:${process.env.PATH}`,
    RUSTC: '/usr/bin/rustc',
    RUSTC_BOOTSTRAP: '1',
    CARGO_UNSTABLE_BUILD_STD: 'std,panic_abort',
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: 'wasm-ld-19',
  };
}

function findGo(): Toolchain | string {
  const [, minor = '0'] = /^go1\.(\d+)/.exec(printed('go', 'env', 'GOVERSION') ?? '') ?? [];
  return Number(minor) >= 24 ? {} : 'there is no Go 1.24 or newer here';
}

const findTinyGo = (): Toolchain | string =>
  printed('tinygo', 'version') ? {} : 'there is no TinyGo here; fixtures/README.md says how to build one';

/** The tools that pages install from the registry, with the versions that are tested. */
export const PINNED = {
  '@opentelemetry/sdk-trace-base': '2.12.1',
  assemblyscript: '0.28.20',
  esbuild: '0.28.2',
  jest: '30.5.2',
  typescript: '7.0.2',
  vitest: '4.1.12',
};

const findTool = (name: keyof typeof PINNED) => (): Toolchain | string => {
  const { status } = npm('.', ['view', `${name}@${PINNED[name]}`, 'version']);
  // In CI nothing may be missing: there the block fails.
  return status === 0 || process.env.CI ? {} : `${name} cannot be fetched without a registry`;
};

/** The toolchains of the languages of `npm create plugboard`. npm installs AssemblyScript. */
export const LANGUAGE_TOOLCHAINS = {
  rust: findRust,
  go: findGo,
  tinygo: findTinyGo,
  assemblyscript: (): Toolchain | string => ({}),
};

/** For chapters of pages: the toolchain that they need, or the reason why it is missing. */
export const TOOLCHAINS: Readonly<Record<string, () => Toolchain | string>> = {
  'docs/PLUGINS.md#Rust': () =>
    process.argv.includes('--quick') ? 'cargo compiles for minutes: `npm run test:package`' : findRust(),
  'docs/PLUGINS.md#Go': findGo,
  'docs/PLUGINS.md#TinyGo': findTinyGo,
  'docs/PLUGINS.md#AssemblyScript': findTool('assemblyscript'),
  'docs/PLUGINS.md#A deployed actor': findTool('assemblyscript'),
  'docs/PLUGINS.md#Debugging': findTool('assemblyscript'),
  'docs/NETWORKS.md#From nothing to a picture': findTool('assemblyscript'),
  'docs/NETWORKS.md#Tracing': findTool('@opentelemetry/sdk-trace-base'),
  'docs/EDGE.md#workerd and Cloudflare': findTool('esbuild'),
  'docs/TYPES.md#A plugin with an XTP schema': findTool('typescript'),
  'docs/TYPES.md#With esbuild': findTool('esbuild'),
  'docs/TYPES.md#Hooks': findTool('esbuild'),
  'docs/TESTING-PLUGINS.md#With vitest': findTool('vitest'),
  'docs/TESTING-PLUGINS.md#With jest': findTool('jest'),
};

function printed(program: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
