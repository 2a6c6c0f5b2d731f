import { checkKernelProgram, type KernelProgram, randomKernelProgram } from '../contract/kernel-programs.ts';
import type { Target } from './target.ts';

/** Calls of kernel functions, on both kernels and a simple model. */
export const kernel: Target<KernelProgram> = {
  name: 'kernel',
  make: randomKernelProgram,
  check: checkKernelProgram,
};
