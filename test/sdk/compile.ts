import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Kept between runs, because a Rust library takes a minute to compile. */
const FOLDER = resolve('node_modules/.cache/sdk');

/** A module, or the reason why there is none. */
export type Compiled = { wasm: Uint8Array } | { failed: string } | { left: string };

export const NO_GO: Compiled = { left: 'there is no sdk/go' };

function run(command: string, args: readonly string[], cwd: string, env: object = {}): Compiled | null {
  const { error, status, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (error) return { left: `${command} is not installed` };
  return status === 0 ? null : { failed: stderr.trim() };
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
  const shared = { CARGO_TARGET_DIR: join(FOLDER, 'rust/target') };
  const problem = run('cargo', ['build', '--release', '--target', target], folder, shared);
  if (problem && 'failed' in problem && problem.failed.includes(`rustup target add ${target}`))
    return { left: `cargo has no target ${target}` };
  return problem ?? { wasm: readFileSync(join(FOLDER, `rust/target/${target}/release/plugin.wasm`)) };
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
  const problem = run(compiler, ['build', '-o', wasm, ...GO[compiler], '.'], folder, target);
  return problem ?? { wasm: readFileSync(wasm) };
}
