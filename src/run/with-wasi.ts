import type { Kernel } from '../../abi/index.ts';
import { LineSink } from '../../wasi/index.ts';
import type { Settings } from '../given/settings.ts';
import { hostFailure } from '../host/function.ts';
import { LIMITS } from '../limits.ts';

// Code for plugins with WASI alone, loaded when one is created.

export { createWasi } from '../../wasi/preview1.ts';

/** Makes a sink that passes lines to the caller's function, if there is one, and to `print`. */
export function lineSink(
  kernel: Kernel,
  name: 'stdout' | 'stderr',
  settings: Settings,
  print: ((line: string) => void) | null,
): LineSink {
  return new LineSink({
    onLine: line => {
      try {
        settings[name]?.(line);
      } catch (error) {
        // Not thrown: WASI would report it to the program as an error of the device, which programs may ignore.
        kernel.markEnded(hostFailure(`option.${name}`, error));
      }
      print?.(line);
    },
    maxLineBytes: LIMITS.stdioLineBytes.default,
    keepLines: LIMITS.stdioLines.default,
    keepBytes: LIMITS.stdioBytes.default,
  });
}
