import { DONE, Fail, type Functions } from '../result.ts';
import { Signal } from '../spec/constants.ts';
import type { WasiFunctionName } from '../spec/signatures.ts';

/** Signals without effect on a program that handles no signals. */
const IGNORED: readonly number[] = [Signal.NONE, Signal.CHLD, Signal.CONT, Signal.URG, Signal.WINCH];
/** Signals that would stop the program until another program continues it. */
const STOPPING: readonly number[] = [Signal.STOP, Signal.TSTP, Signal.TTIN, Signal.TTOU];
/** Shells show this number plus the signal as the exit code of a program that a signal has ended. */
const SIGNAL_EXIT = 128;

type ProcessFunction = Extract<WasiFunctionName, `proc_${string}` | 'sched_yield'>;

export function processFunctions(exit: (code: number) => never): Functions<ProcessFunction> {
  return {
    proc_exit: code => exit(code),
    proc_raise(signal) {
      if (signal > Signal.SYS) return Fail.EINVAL;
      if (IGNORED.includes(signal)) return DONE;
      return STOPPING.includes(signal) ? Fail.ENOTSUP : exit(SIGNAL_EXIT + signal);
    },
    sched_yield: () => DONE,
  };
}
