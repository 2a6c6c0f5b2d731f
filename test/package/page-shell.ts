import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Checks, expect } from './checks.ts';
import { type PageText, type Part, planPage } from './pages.ts';
import { expectPrinted, makeProgram } from './programs.ts';
import { PINNED } from './toolchains.ts';

// A page is followed as its reader does: in one empty folder and one shell, block after block.

const MARK = '@@ block ';

/** Quotes a text for bash. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** The package from its tarball, and the program of `npm create plugboard`. */
export interface Packed {
  tarball: string;
  creator: string;
}

/** Installs the package from its tarball, and the tools that pages install in the versions of `PINNED`. */
const prelude = ({ tarball, creator }: Packed) => `
set -eo pipefail
npm() {
  local args=() arg
  if [ "$1 $2" = 'create plugboard' ]; then
    for arg in "\${@:3}"; do [ "$arg" = -- ] || args+=("$arg"); done
    node ${quoted(creator)} "\${args[@]}" --plugboard ${quoted(tarball)}
    return
  fi
  for arg in "$@"; do
    case "$arg" in
      plugboard) arg=${quoted(tarball)} ;;
${Object.entries(PINNED)
  .map(([name, version]) => `      ${name}) arg=${name}@${version} ;;`)
  .join('\n')}
    esac
    args+=("$arg")
  done
  command npm "\${args[@]}" --prefer-offline --ignore-scripts --no-audit --no-fund --loglevel=error
}
npx() { command npx --no "$@"; }
exec </dev/null
`;

function commandsOf(part: Part, index: number, path: string): string[] {
  // Programs of a toolchain, which may come with a Node of their own, must not stay ahead in the path.
  const env = Object.entries({ PATH: path, ...part.env }).map(
    ([key, value]) => `export ${key}=${quoted(value)}`,
  );
  const mark = `echo ${quoted(MARK + index)}; echo ${quoted(MARK + index)} >&2`;
  if (part.use === 'shell') return [...env, mark, part.code];
  if (part.use === 'program') return [mark, `node page-${index + 1}.mjs`];
  return [];
}

/** Splits an output at the marks: the output of each block by its index. */
function outputs(text: string): Map<number, string> {
  const parts = text.split(new RegExp(`^${MARK}(\\d+)\\n`, 'm'));
  const found = new Map<number, string>();
  for (let at = 1; at < parts.length; at += 2) found.set(Number(parts[at]), parts[at + 1]!);
  return found;
}

export interface Followed {
  ran: number;
  leftOut: Part[];
}

/** Runs the blocks of a page in `folder`, which is made, and checks the output of each. */
export function followPage(page: PageText, folder: string, packed: Packed, checks: Checks): Followed {
  const parts = planPage(page);
  const leftOut = parts.filter(({ use }) => use === 'left out');
  const runs = parts.filter(({ use }) => use === 'shell' || use === 'program');
  if (runs.length === 0) return { ran: 0, leftOut };
  mkdirSync(folder);
  for (const [index, { use, file, code }] of parts.entries()) {
    const path = use === 'file' ? file! : use === 'program' ? `page-${index + 1}.mjs` : undefined;
    if (path === undefined) continue;
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), code);
  }
  const script = [
    prelude(packed),
    ...parts.flatMap((part, index) => commandsOf(part, index, process.env.PATH ?? '')),
  ];
  const { status, stdout, stderr, error } = spawnSync('bash', ['-c', script.join('\n')], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    timeout: 10 * 60_000,
    killSignal: 'SIGKILL',
  });
  const [printed, complained] = [outputs(stdout), outputs(stderr)];
  const last = [...printed.keys()].at(-1);
  for (const [index, part] of parts.entries()) {
    if (!runs.includes(part)) continue;
    checks.check(`${page.path}, ${part.chapter || 'top'}: ${part.code.split('\n', 1)[0]}`, () => {
      const output = printed.get(index);
      expect(output !== undefined, 'did not run, because a block before it failed');
      const failed = status !== 0 && index === last;
      expect(
        !failed,
        `${error?.message ?? `exit code ${status}`}\n${output}${complained.get(index) ?? stderr}`,
      );
      if (part.use === 'program') expectPrinted(makeProgram('', part.code).prints, output!);
      if (part.prints !== undefined)
        expect(output!.endsWith(part.prints), `expected\n${part.prints}\ngot\n${output}`);
    });
  }
  return { ran: runs.length, leftOut };
}
