import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Checks, expect } from './checks.ts';

/** A block of the guide that is marked as sh. */
export interface Block {
  /** The heading of its chapter. */
  title: string;
  script: string;
  /** The text that it must print last: the block marked as text right after it. */
  prints: string | undefined;
}

export const readBlocks = (guide: string): Block[] =>
  guide
    .split(/^## /m)
    .flatMap(chapter =>
      [...chapter.matchAll(/^```sh\n([\s\S]*?)^```$(?:\n\n```text\n([\s\S]*?)^```$)?/gm)].map(
        ([, script, prints]) => ({ title: chapter.split('\n', 1)[0]!, script: script!, prints }),
      ),
    );

/** Commands for the shell, after which the blocks of a chapter find their compiler. */
interface Toolchain {
  setUp: string;
}

const DEBIAN_RUST = ['/usr/bin/rustc', '/usr/bin/cargo', '/usr/bin/wasm-ld-19'];

/** The toolchain that builds the plugins of a chapter, or, as a text, the reason why it is missing. */
const TOOLCHAINS: Record<string, () => Toolchain | string> = {
  Rust() {
    const target = 'wasm32-unknown-unknown';
    const libraries = printed('rustc', '--print', 'target-libdir', '--target', target);
    if (libraries && existsSync(libraries)) return { setUp: '' };
    if (!DEBIAN_RUST.every(existsSync)) return `the installed Rust cannot compile for ${target}`;
    // Debian has no standard library for the target, but has its source.
    return {
      setUp: `cargo() { /usr/bin/cargo "$@"; }
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19
`,
    };
  },
  Go() {
    const [, minor = '0'] = /^go1\.(\d+)/.exec(printed('go', 'env', 'GOVERSION') ?? '') ?? [];
    return Number(minor) >= 24 ? { setUp: '' } : 'there is no Go 1.24 or newer here';
  },
  TinyGo: () => (printed('tinygo', 'version') ? { setUp: '' } : 'there is no TinyGo here'),
};

/** Chapters that build no plugin, and use the one that an earlier chapter has built. */
const NEED_PLUGIN = ['Debugging', 'Testing'];

function printed(program: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** The package is not on the registry yet, and is installed here already; the target of Rust is there, or the chapter is left out. */
const PREAMBLE = 'npm() { :; }\nrustup() { :; }\n';

/** Stands in the output behind each block: around the commands that failed in it. */
const MARK = '\u0001';

/** Pastes all blocks of the guide into one shell, whose folder is `project`. The package is installed there. */
export function checkGuide(guide: string, project: string, checks: Checks): void {
  const left = new Map<string, string>();
  let setUp = PREAMBLE;
  for (const [title, find] of Object.entries(TOOLCHAINS)) {
    const toolchain = find();
    if (typeof toolchain === 'string') left.set(title, toolchain);
    else setUp += toolchain.setUp;
  }
  if (Object.keys(TOOLCHAINS).every(title => left.has(title)))
    for (const title of NEED_PLUGIN) left.set(title, 'no plugin can be built here');
  for (const [title, why] of left) console.log(`skipped: docs/PLUGINS.md, ${title}: ${why}`);
  const blocks = readBlocks(guide).filter(({ title }) => !left.has(title));
  const outputs = paste(blocks, project, setUp);
  for (const [index, { title, script, prints = '' }] of blocks.entries()) {
    checks.check(`docs/PLUGINS.md, ${title}: ${script.split('\n', 1)[0]}`, () => {
      const { printed = '', failed = 'the shell ended before' } = outputs[index] ?? {};
      expect(failed === '', `${failed}\n${printed}`);
      expect(printed.endsWith(prints), `expected\n${prints}\ngot\n${printed}`);
    });
  }
}

/** Runs the blocks in one bash, and returns for each its output and the commands that failed. */
function paste(blocks: readonly Block[], folder: string, setUp: string) {
  const script = [
    setUp,
    'failed=\n',
    // A pasted shell goes on after a command that fails, so this one does too.
    'trap \'failed+="$BASH_COMMAND: exit code $?; "\' ERR\n',
    ...blocks.map(block => `${block.script}printf '${MARK}%s${MARK}' "$failed"\nfailed=\n`),
  ].join('');
  const { stdout, stderr, status } = spawnSync('bash', ['-s'], {
    cwd: folder,
    input: script,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    timeout: 10 * 60_000,
  });
  if (status !== 0) console.log(`docs/PLUGINS.md: bash ended with ${status}\n${stderr}`);
  const parts = stdout.split(MARK);
  return blocks.map((_, index) => {
    const failed = parts[2 * index + 1];
    return { printed: parts[2 * index], failed: failed && `${failed}\n${stderr}` };
  });
}
