import { Errno } from './constants.ts';
import type { Functions } from './spec.ts';

export function processFunctions(exit: (code: number) => never): Functions<'proc_exit' | 'sched_yield'> {
  return {
    proc_exit: code => exit(code),
    sched_yield: () => Errno.ESUCCESS,
  };
}
