import type { Kernel } from '../../abi/index.ts';
import { CallError } from '../call-error.ts';
import { excerpt } from '../errors.ts';
import { PAGE_BYTES } from '../units.ts';
import type { Outcome } from './call.ts';
import type { Runner } from './runner.ts';

/**
 * Makes the check that fails a call whose memories together grew by more than `maxPages`. Each memory is capped when its
 * module is compiled; the sum can only be checked after the call.
 */
export const growthLimit =
  (maxPages: number, kernel: Kernel, runner: Runner) =>
  (outcome: Outcome): Outcome => {
    const { name, error } = outcome;
    const growth = runner.growth();
    const pluginPages = growth.reduce((sum, pages) => sum + pages, 0);
    // The native kernel does not count its first page as growth.
    const kernelPages = Math.max(0, Math.ceil(kernel.memory.askedBytes / PAGE_BYTES) - 1);
    const limit = `the limit of ${maxPages} pages (memory.max_pages)`;
    if (error) {
      // The message is the plugin's own text, if it had set one.
      if (error.code !== 'TRAP' || kernel.error || !growth.includes(maxPages)) return outcome;
      const message = `${excerpt(error.message)}; its memory has grown to ${limit}, which may be why`;
      return { ...outcome, error: new CallError(error.code, message, error) };
    }
    if (pluginPages + kernelPages <= maxPages) return outcome;
    const message =
      `${name}: the plugin's memory grew by ${pluginPages} pages and the kernel's by ${kernelPages}, together over ` +
      `${limit}; raise it, or let the plugin use less`;
    return { name, output: null, error: new CallError('MEMORY_LIMIT', message, outcome), dropInstance: true };
  };
