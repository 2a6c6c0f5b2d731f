import type { Kernel } from '../../abi/index.ts';
import { LineSink, type LineSinkOptions } from '../../wasi/index.ts';
import type { Settings } from '../given/settings.ts';
import { hostFailure } from '../host/function.ts';
import { LIMITS } from '../limits.ts';
import type { Platform } from '../platform/types.ts';

// Code for plugins with WASI alone, loaded when one is created.

export { createWasi } from '../../wasi/preview1.ts';

/** Makes a sink that passes lines to the caller's function, if there is one, and prints the output: its bytes, or else its lines. */
export function lineSink(
  kernel: Kernel,
  name: 'stdout' | 'stderr',
  settings: Settings,
  print: Platform['print'] | null,
): LineSink {
  const onLine = (line: string) => {
    try {
      settings[name]?.(line);
    } catch (error) {
      // Not thrown: WASI would report it to the program as an error of the device, which programs may ignore.
      kernel.markEnded(hostFailure(`option.${name}`, error));
    }
    if (!print?.bytes) print?.[name === 'stdout' ? 'out' : 'err'](line);
  };
  return new PrintingSink(bytes => print?.bytes?.(name, bytes), {
    onLine,
    maxLineBytes: LIMITS.stdioLineBytes.default,
    keepLines: LIMITS.stdioLines.default,
    keepBytes: LIMITS.stdioBytes.default,
  });
}

class PrintingSink extends LineSink {
  readonly #print: (bytes: Uint8Array) => void;

  constructor(print: (bytes: Uint8Array) => void, options: LineSinkOptions) {
    super(options);
    this.#print = print;
  }

  override write(bytes: Uint8Array): void {
    this.#print(bytes);
    super.write(bytes);
  }
}
