import type { MemoryOptions } from '../../given/options.ts';
import { ActorError } from '../errors.ts';
import { readCount } from '../limits.ts';
import { ModuleError } from './module-error.ts';
import type { Outline } from './outline.ts';

const PAGES_PER_MIB = 16;
const MOST_MIB = 100;

/**
 * Returns the option `memory` that limits a plugin to `limitMb` MiB. The host limits the growth of memory, so `max_pages` is
 * the limit minus the pages that the module starts with.
 * @throws {ActorError} INVALID_CONFIG, UNSUPPORTED
 * @throws {ModuleError} InitFailed for a module that starts with more
 * RATIONALE: why-must-memory_limit_mb-be-twice-what-the-module-starts-with
 */
export function memoryOption(
  limitMb: unknown,
  { initialPages }: Outline,
  memory: MemoryOptions | null | undefined,
): MemoryOptions {
  const where = 'memory_limit_mb';
  const mib = readCount(where, limitMb, 'MiB', 1);
  if (mib > MOST_MIB) {
    throw new ActorError('INVALID_CONFIG', `${where}: expected at most ${MOST_MIB} MiB, got ${mib}`);
  }
  if (memory?.max_pages != null) {
    throw new ActorError('INVALID_CONFIG', `both ${where} and memory.max_pages are given; keep one`);
  }
  if (initialPages === null) {
    const message = `${where}: a compiled module's memory cannot be limited; give its bytes, or leave the limit out`;
    throw new ActorError('UNSUPPORTED', message);
  }
  const pages = mib * PAGES_PER_MIB;
  if (initialPages > pages) {
    const message = `the module starts with ${initialPages} pages of memory, over the limit of ${pages} (${where}: ${mib})`;
    throw new ModuleError('InitFailed', 'MEMORY_LIMIT', message);
  }
  if (initialPages > pages - initialPages) {
    const least = Math.ceil((2 * initialPages) / PAGES_PER_MIB);
    const message =
      `${where}: ${mib} MiB cannot be held: the module starts with ${initialPages} pages, and a limit has to be at ` +
      `least twice that; give ${least} or more, or leave it out`;
    throw new ActorError('UNSUPPORTED', message);
  }
  return { ...memory, max_pages: pages - initialPages };
}
