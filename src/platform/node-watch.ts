import { fs } from './node-builtin.ts';

/** The file is looked at this often. Not `fs.watch`: it loses a file that is replaced, and sees nothing on network drives. */
const INTERVAL_MS = 100;
/** A file that has not changed for this long counts as written. */
const SETTLED_MS = 250;

/**
 * Calls `onChange` after each change, once the file stays the same. Returns a function that ends the watching. Not
 * `fs.watchFile`: its first look comes later, and a change before it is lost.
 */
export function watchNodeFile(path: string, onChange: () => void): () => void {
  let seen = look(path);
  let settling: ReturnType<typeof setTimeout> | undefined;
  const polling = setInterval(() => {
    const now = look(path);
    if (now === seen) return;
    seen = now;
    clearTimeout(settling);
    settling = setTimeout(onChange, SETTLED_MS);
    settling.unref();
  }, INTERVAL_MS);
  polling.unref();
  return () => {
    clearInterval(polling);
    clearTimeout(settling);
  };
}

/** Returns a text that is another one after a change; the same for every file that cannot be seen. */
function look(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = fs().statSync(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join();
  } catch {
    return '';
  }
}
