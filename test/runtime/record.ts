import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentName, lendModules } from './lend-modules.ts';

// Runs files.ts, and writes every module that suites compile to the folder given before the id.
const id = process.argv.pop()!;
const folder = process.argv.pop()!;
process.argv.push(id);

lendModules(source => {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  const file = join(folder, `${contentName(source)}.wasm`);
  if (!existsSync(file)) {
    if (!WebAssembly.validate(source)) return undefined;
    // Another process may write or read the same file now.
    const own = `${file}.${process.pid}`;
    writeFileSync(own, bytes);
    renameSync(own, file);
  } else if (!readFileSync(file).equals(bytes)) throw new Error(`two modules share the name of ${file}`);
  return undefined;
});
await import('./files.ts');
