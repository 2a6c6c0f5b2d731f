import { basename, isAbsolute, relative, resolve } from 'node:path';
import type { Finding } from '../audit/report.ts';
import { toSarif } from '../audit/sarif.ts';
import { describeFindings } from './audit-text.ts';
import { isUrl } from './files.ts';
import { writeLines } from './stdio.ts';

export const FORMATS = ['text', 'json', 'sarif'] as const;

/** Prints findings. Returns the exit code: 1 for a warning or an error. */
export async function printFindings(
  format: (typeof FORMATS)[number],
  path: string,
  source: Parameters<typeof toSarif>[0],
  findings: readonly Finding[],
): Promise<number> {
  const json = (value: unknown) => JSON.stringify(value, null, 2).split('\n');
  await writeLines(
    format === 'sarif'
      ? json(toSarif(source, { path: fromHere(path) }))
      : format === 'json'
        ? json(findings)
        : findings.length === 0
          ? [`${path}: no findings`]
          : describeFindings(path, findings),
  );
  return findings.some(({ level }) => level !== 'note') ? 1 : 0;
}

/** Returns the path from the current folder, which is the root of the repository in pipelines. */
function fromHere(path: string): string {
  if (isUrl(path)) return basename(new URL(path).pathname) || 'plugin.wasm';
  const steps = relative(process.cwd(), resolve(path));
  return steps.startsWith('..') || isAbsolute(steps) ? basename(path) : steps;
}
