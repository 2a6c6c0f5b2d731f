// The tools that the build needs, each with the command that installs it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TOOLS = {{tools}};

const root = fileURLToPath(new URL('..', import.meta.url));

function isThere({ command: [program, ...args] = [], printsFolder, oldest, file, unless }) {
  if (unless !== undefined && process.env[unless]) return true;
  if (file !== undefined) return existsSync(new URL(`../${file}`, import.meta.url));
  const { status, stdout } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) return false;
  if (printsFolder) return existsSync(stdout.trim());
  if (oldest === undefined) return true;
  const [major, minor] = /(\d+)\.(\d+)/.exec(stdout)?.slice(1).map(Number) ?? [0, 0];
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** Returns the tools that are not installed: their names, and the command or page that installs each. */
export const findMissing = () =>
  TOOLS.filter(tool => !isThere(tool)).map(({ name, install }) => ({
    name,
    install: install[process.platform] ?? install.default,
  }));
