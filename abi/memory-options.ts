import { isMemory } from './brands.ts';
import { refuseOption } from './errors.ts';
import { aCount, aText, type Kind, kind, type OptionTable, readOptions } from './options.ts';
import type { SharedBacking } from './shared-backing.ts';

export interface KernelMemoryOptions {
  /** The most bytes that blocks may take up, freed ones included, in one call. Default: 4 GiB less the header. */
  maxBytes?: number | undefined;
  /** The option that sets `maxBytes`, for the message of MEMORY_LIMIT. Default: `memory.maxPages`. */
  limitedBy?: string | undefined;
  /** Shared buffers to use, for a memory that another thread works on too. Default: memory of its own. */
  backing?: SharedBacking | undefined;
}

const aBacking: Kind<SharedBacking> = kind('the result of createSharedBacking', value =>
  isMemory((Object(value) as Partial<SharedBacking>).memory),
);

export const KERNEL_MEMORY_OPTIONS: OptionTable<KernelMemoryOptions> = {
  of: 'new KernelMemory(options)',
  rows: {
    maxBytes: {
      ...aCount('bytes'),
      default: '4 GiB less the header',
      grants: 'kernel memory, up to this limit',
    },
    limitedBy: { ...aText, default: 'memory.maxPages' },
    backing: {
      ...aBacking,
      default: 'memory of its own',
      where: 'where SharedArrayBuffer can grow',
    },
  },
};

/** @throws {AbiError} INVALID_OPTION */
export const readKernelMemoryOptions = (options: unknown): KernelMemoryOptions =>
  readOptions(KERNEL_MEMORY_OPTIONS, options, 'KernelMemory', refuseOption);
