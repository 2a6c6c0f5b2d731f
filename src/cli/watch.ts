import { Sequence } from '../actor/sequence.ts';
import { watchNodeFile } from '../platform/node-watch.ts';
import { describeError } from './errors.ts';
import { readAgain } from './files.ts';
import { writeStderr } from './stdio.ts';

/** A module that runs, and the file that it is from. */
export interface Watched {
  readonly path: string;
  /** The bytes that run. */
  readonly source: Uint8Array;
  reload(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Whether nothing runs any more. */
  isOver(): boolean;
  say(text: string): void;
}

/**
 * Reloads a module each time its file changes. A file that cannot be read, or is refused, leaves the old module in place.
 * Returns a function that ends the watching.
 */
export function watchModule({ path, source, reload, isOver, say }: Watched): () => void {
  const checks = new Sequence();
  let seen = source;
  const check = async () => {
    try {
      const bytes = await readAgain(path);
      if (Buffer.compare(bytes, seen) === 0) return;
      seen = bytes;
      await reload(bytes);
      say(`${path}: reloaded`);
    } catch (error) {
      if (isOver()) return;
      writeStderr('plugboard', `${path}: not reloaded, the old module goes on: ${describeError(error)}`);
    }
  };
  const onChange = () => void checks.run(check);
  const end = watchNodeFile(path, onChange);
  // The file may have changed while the module was loaded.
  onChange();
  return end;
}
