import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TOOLCHAINS } from '../package/toolchains.ts';

/** Kept between runs, because a Rust library takes a minute to compile. */
const FOLDER = resolve('node_modules/.cache/sdk');

/** The output of a failed tool, or the reason why it was not run. */
export type Problem = { failed: string } | { left: string };
export type Compiled = { how: 'committed' | 'compiles'; wasm: Uint8Array } | Problem;

export const NO_GO: Problem = { left: 'there is no sdk/go' };

const CHAPTERS = { rust: 'Rust', go: 'Go', tinygo: 'TinyGo', assemblyscript: 'AssemblyScript' } as const;

/** Compiles with a program of a language in a folder. Returns null if it succeeds. */
function compile(
  language: keyof typeof CHAPTERS,
  command: readonly [string, ...string[]],
  cwd: string,
  env: object = {},
): Problem | null {
  const toolchain = TOOLCHAINS[`docs/PLUGINS.md#${CHAPTERS[language]}`]!();
  if (typeof toolchain === 'string') return process.env.CI ? { failed: toolchain } : { left: toolchain };
  return run(command, cwd, { ...toolchain, ...env });
}

function run([program, ...args]: readonly [string, ...string[]], cwd: string, env: object): Problem | null {
  const options = { cwd, env: { ...process.env, ...env }, encoding: 'utf8' } as const;
  const { error, status, stdout, stderr } = spawnSync(program, args, options);
  if (error) return { failed: error.message };
  return status === 0 ? null : { failed: `${stdout}${stderr}`.trim() };
}

/** The checks of an SDK by the tools of its language. */
export const OWN_CHECKS = [
  { language: 'rust', command: ['cargo', 'fmt', '--all', '--check'] },
  {
    language: 'rust',
    command: ['cargo', 'clippy', '--workspace', '--all-features', '--all-targets', '--', '-D', 'warnings'],
  },
  { language: 'rust', command: ['cargo', 'test', '--workspace', '--all-features'] },
  { language: 'go', command: ['go', 'vet', './...'] },
  { language: 'go', command: ['go', 'test', './...'] },
  { language: 'assemblyscript', command: ['npm', 'install', '--no-package-lock', '--no-audit', '--no-fund'] },
  { language: 'assemblyscript', command: ['npm', 'test'] },
] as const;

/** Returns null if the check passes. */
export function checkSdk({ language, command }: (typeof OWN_CHECKS)[number]): Problem | null {
  const folder = `sdk/${language}`;
  if (!existsSync(folder)) return { left: `there is no ${folder}` };
  // Not with the toolchain for wasm: these checks are of this machine, and Debian's has no clippy.
  return run(command, folder, { CARGO_TARGET_DIR: join(FOLDER, 'rust/own') });
}

/** Compiles one file as the library of a plugin. @param crate The name of the crate that the source imports */
export function compileRust(
  name: string,
  source: string,
  crate: 'reflow_wasm' | 'reflow_wasm_actor',
): Compiled {
  const folder = join(FOLDER, 'rust', `${name}-${crate}`);
  const sdk = resolve(crate === 'reflow_wasm' ? 'sdk/rust/reflow_wasm' : 'sdk/rust');
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'src/lib.rs'), source);
  writeFileSync(
    join(folder, 'Cargo.toml'),
    `[package]\nname = "plugin"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n\n[lib]\ncrate-type = ["cdylib"]\n\n` +
      `[dependencies]\nanyhow = "1"\n${crate} = { path = ${JSON.stringify(sdk)} }\n`,
  );
  copyFileSync('sdk/rust/Cargo.lock', join(folder, 'Cargo.lock'));
  const target = 'wasm32-unknown-unknown';
  const built = join(FOLDER, 'rust/target');
  const command = ['cargo', 'build', '--release', '--target', target] as const;
  const wasm = join(built, target, 'release/plugin.wasm');
  return (
    compile('rust', command, folder, { CARGO_TARGET_DIR: built }) ?? {
      how: 'compiles',
      wasm: readFileSync(wasm),
    }
  );
}

/** The flags after the program, by the name of the compiler. */
const GO = {
  go: ['-buildmode=c-shared', '-ldflags=-s -w'],
  tinygo: ['-target', resolve('fixtures/tinygo/target.json'), '-no-debug'],
} as const;

/** Compiles one file as the main package of a plugin, with the module and the exports of the counter of `fixtures/`. */
export function compileGo(name: string, source: string, compiler: keyof typeof GO): Compiled {
  if (!existsSync('sdk/go')) return NO_GO;
  const folder = join(FOLDER, compiler, name);
  const wasm = join(folder, 'plugin.wasm');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'main.go'), source);
  for (const file of ['exports.go', 'go.sum'])
    copyFileSync(`fixtures/go-counter/${file}`, join(folder, file));
  const module = readFileSync('fixtures/go-counter/go.mod', 'utf8');
  writeFileSync(join(folder, 'go.mod'), module.replace('../../sdk/go', resolve('sdk/go')));
  const target = compiler === 'go' ? { GOOS: 'wasip1', GOARCH: 'wasm' } : {};
  const command = [compiler, 'build', '-o', wasm, ...GO[compiler], '.'] as const;
  return compile(compiler, command, folder, target) ?? { how: 'compiles', wasm: readFileSync(wasm) };
}
