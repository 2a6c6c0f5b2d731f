import type { Kernel } from '../../abi/index.ts';
import { CallError } from '../call-error.ts';
import { CreateError, excerpt } from '../errors.ts';
import type { Settings } from '../given/settings.ts';
import type { Limits } from '../link/execution.ts';
import type { LinkPlan } from '../link/plan.ts';
import { PAGE_BYTES } from '../units.ts';
import type { Outcome } from './call.ts';
import type { MemoryShare } from './report.ts';
import type { Runner } from './runner.ts';

type Judge = (outcome: Outcome) => Outcome;

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const kernelPagesOf = ({ memory }: Kernel) => Math.ceil(memory.askedBytes / PAGE_BYTES);

/** Returns the outcome of a trap, which a memory at its limit may have caused. */
function withHint(outcome: Outcome, kernel: Kernel, hint: string): Outcome {
  const { error } = outcome;
  // The message is the plugin's own text, if it had set one.
  if (error?.code !== 'TRAP' || kernel.error) return outcome;
  const message = `${excerpt(error.message)}; its memory has ${hint}, which may be why`;
  return { ...outcome, error: new CallError(error.code, message, error) };
}

/** A call that failed keeps its error. Its instance is dropped where it is over the limit: such calls could keep it there. */
const dropIf = (isOver: boolean, outcome: Outcome): Outcome =>
  isOver ? { ...outcome, dropInstance: true } : outcome;

const over = (outcome: Outcome, message: string): Outcome => ({
  name: outcome.name,
  output: null,
  error: new CallError(
    'MEMORY_LIMIT',
    `${outcome.name}: ${message}; raise it, or let the plugin use less`,
    outcome,
  ),
  dropInstance: true,
});

/**
 * Makes the check that fails a call whose memories together grew by more than `maxPages`. Each memory is capped when its
 * module is compiled; the sum can only be checked after the call.
 */
const growthLimit =
  (maxPages: number, kernel: Kernel, runner: Runner): Judge =>
  outcome => {
    const growth = runner.growth();
    const pluginPages = sum(growth);
    // The native kernel does not count its first page as growth.
    const kernelPages = Math.max(0, kernelPagesOf(kernel) - 1);
    const limit = `the limit of ${maxPages} pages (memory.max_pages)`;
    const isOver = pluginPages + kernelPages > maxPages;
    if (outcome.error) {
      const told = growth.includes(maxPages) ? withHint(outcome, kernel, `grown to ${limit}`) : outcome;
      return dropIf(isOver, told);
    }
    if (!isOver) return outcome;
    return over(
      outcome,
      `the plugin's memory grew by ${pluginPages} pages and the kernel's by ${kernelPages}, together over ${limit}`,
    );
  };

/**
 * Returns how the limit is shared from the start.
 * @throws {CreateError} MEMORY_LIMIT if the plugin starts with more
 */
function shareOf({ modules }: LinkPlan, limitPages: number): MemoryShare {
  const footprints = [...modules.values()].map(({ footprint }) => footprint!);
  const startPages = sum(footprints.map(footprint => footprint.startPages));
  if (startPages > limitPages) {
    const parts = [...modules.values()].map(
      ({ name, footprint }) => `module "${name}": ${footprint!.startPages}`,
    );
    const message =
      `the plugin starts with ${startPages} pages of memories, tables and globals (${parts.join(', ')}), over the limit ` +
      `of ${limitPages} pages (limits.memoryPages); raise it, or build the plugin with less`;
    throw new CreateError('MEMORY_LIMIT', message);
  }
  return { limitPages, startPages, hiddenPages: sum(footprints.map(({ hiddenPages }) => hiddenPages)) };
}

/** Returns the settings with a lower limit for the kernel memory: it gets the pages with which the plugin does not start. */
function withKernelRoom(settings: Settings, { limitPages, startPages }: MemoryShare): Settings {
  const roomBytes = (limitPages - startPages) * PAGE_BYTES;
  if ((settings.maxKernelBytes ?? Number.POSITIVE_INFINITY) <= roomBytes) return settings;
  return { ...settings, maxKernelBytes: roomBytes, kernelLimitedBy: 'limits.memoryPages' };
}

/**
 * Makes the check that fails a call after which plugin and kernel take more than the limit together. Each module is capped when it is
 * compiled, and the kernel when it is made; the sum can only be checked after the call.
 */
const memoryLimit =
  ({ limitPages, hiddenPages }: MemoryShare, kernel: Kernel, runner: Runner): Judge =>
  outcome => {
    const pluginPages = runner.pages() + hiddenPages;
    const kernelPages = kernelPagesOf(kernel);
    const limit = `limit of ${limitPages} pages (limits.memoryPages)`;
    const isOver = pluginPages + kernelPages > limitPages;
    if (outcome.error?.code === 'MEMORY_LIMIT') {
      const { code, message } = outcome.error;
      const error = new CallError(code, `${message}; the ${limit} counts too`, outcome.error);
      return dropIf(isOver, { ...outcome, error });
    }
    if (outcome.error) {
      const isNear = pluginPages + kernelPages > limitPages / 2;
      const told = isNear ? withHint(outcome, kernel, `${pluginPages} pages under a ${limit}`) : outcome;
      return dropIf(isOver, told);
    }
    if (!isOver) return outcome;
    return over(
      outcome,
      `the plugin takes ${pluginPages} pages and the kernel ${kernelPages}, together over the ${limit}`,
    );
  };

interface Parts {
  settings: Settings;
  plan: LinkPlan;
  limits: Limits;
}

/** Applies `memory.max_pages` and `limits.memoryPages`. Returns the settings with their kernel limit, and the checks after each call. */
export function memoryLimits({ settings, plan, limits }: Parts) {
  const { maxGrowthPages, memoryPages } = limits;
  const share = memoryPages === undefined ? null : shareOf(plan, memoryPages);
  return {
    share,
    settings: share ? withKernelRoom(settings, share) : settings,
    judges: (kernel: Kernel, runner: Runner): Judge[] => [
      ...(maxGrowthPages === undefined ? [] : [growthLimit(maxGrowthPages, kernel, runner)]),
      ...(share ? [memoryLimit(share, kernel, runner)] : []),
    ],
  };
}
