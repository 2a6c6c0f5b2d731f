import { unwatchFile, watchFile } from 'node:fs';

/** The file is looked at this often. Not `fs.watch`: it loses a file that is replaced, and sees nothing on network drives. */
const INTERVAL_MS = 100;
/** A file that has not changed for this long counts as written. */
const SETTLED_MS = 250;

/** Calls `onChange` after each change, once the file stays the same. Returns a function that ends the watching. */
export function watchNodeFile(path: string, onChange: () => void): () => void {
  let settling: ReturnType<typeof setTimeout> | undefined;
  const onStat = () => {
    clearTimeout(settling);
    settling = setTimeout(onChange, SETTLED_MS);
    settling.unref();
  };
  watchFile(path, { interval: INTERVAL_MS, persistent: false }, onStat);
  return () => {
    clearTimeout(settling);
    unwatchFile(path, onStat);
  };
}
