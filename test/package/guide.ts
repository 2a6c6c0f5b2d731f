import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Checks, expect } from './checks.ts';

/** A part of the guide, under a heading of its own. */
interface Chapter {
  title: string;
  files: { path: string; text: string }[];
  commands: { lines: string[]; prints: string | undefined }[];
}

/**
 * Reads the steps of the guide. A file is the block after a line "File `path`:". Commands are a block marked as sh; their
 * expected output is the block marked as text right after it.
 */
export function readChapters(guide: string): Chapter[] {
  return guide.split(/^## /m).map(chapter => ({
    title: chapter.split('\n', 1)[0]!,
    files: [...chapter.matchAll(/File `([^`]+)`:\n\n```\w+\n([\s\S]*?)^```$/gm)].map(([, path, text]) => ({
      path: path!,
      text: text!,
    })),
    commands: [...chapter.matchAll(/^```sh\n([\s\S]*?)^```$(?:\n\n```text\n([\s\S]*?)^```$)?/gm)].map(
      ([, lines, prints]) => ({ lines: lines!.trimEnd().split('\n'), prints }),
    ),
  }));
}

interface Toolchain {
  env: NodeJS.ProcessEnv;
}

const DEBIAN_RUST = ['/usr/bin/rustc', '/usr/bin/cargo', '/usr/bin/wasm-ld-19'];

/** The toolchain that builds the plugins of a chapter, or, as a text, the reason why it is missing. */
const TOOLCHAINS: Record<string, (project: string) => Toolchain | string> = {
  Rust() {
    const target = 'wasm32-unknown-unknown';
    const libraries = printed('rustc', '--print', 'target-libdir', '--target', target);
    if (libraries && existsSync(libraries)) return { env: {} };
    if (!DEBIAN_RUST.every(existsSync)) return `the installed Rust cannot compile for ${target}`;
    // Debian has no standard library for the target, but has its source.
    return {
      env: {
        PATH: `/usr/bin:${process.env.PATH}`,
        RUSTC: '/usr/bin/rustc',
        RUSTC_BOOTSTRAP: '1',
        CARGO_UNSTABLE_BUILD_STD: 'std,panic_abort',
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: 'wasm-ld-19',
      },
    };
  },
  Go() {
    const [, minor = '0'] = /^go1\.(\d+)/.exec(printed('go', 'env', 'GOVERSION') ?? '') ?? [];
    return Number(minor) >= 24 ? { env: {} } : 'there is no Go 1.24 or newer here';
  },
  Debugging: needsPlugin,
  Testing: needsPlugin,
};

function needsPlugin(project: string): Toolchain | string {
  return existsSync(join(project, 'doubler.wasm')) ? { env: {} } : 'no plugin could be built here';
}

function printed(program: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Follows the guide chapter by chapter in `project`, where the package is installed. */
export function checkGuide(guide: string, project: string, checks: Checks): void {
  for (const { title, files, commands } of readChapters(guide)) {
    const toolchain = TOOLCHAINS[title]?.(project) ?? { env: {} };
    if (typeof toolchain === 'string') {
      console.log(`skipped: docs/PLUGINS.md, ${title}: ${toolchain}`);
      continue;
    }
    for (const { path, text } of files) {
      mkdirSync(dirname(join(project, path)), { recursive: true });
      writeFileSync(join(project, path), text);
    }
    for (const { lines, prints } of commands) {
      // The package is not on the registry yet; here it is installed already.
      const own = lines.filter(line => !line.startsWith('npm '));
      if (own.length === 0) continue;
      checks.check(`docs/PLUGINS.md, ${title}: ${own[0]}`, () => {
        const output = own.map(line => shell(project, line, toolchain.env)).join('');
        if (prints !== undefined) expect(output.endsWith(prints), `expected\n${prints}\ngot\n${output}`);
      });
    }
  }
}

function shell(folder: string, line: string, env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr } = spawnSync('bash', ['-euc', line], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', ...env },
    timeout: 5 * 60_000,
  });
  if (status === 0) return stdout;
  throw new Error(`${line}: exit code ${status}\n${stdout}${stderr}`);
}
