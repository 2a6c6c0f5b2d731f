import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The Go module that holds the kernel which the native runtime and the Go SDK embed. */
const MODULE = 'github.com/extism/go-sdk@v1.7.1';

/** Thrown where the module cannot be had: no Go, or no way to its proxy. */
export class Unavailable extends Error {}

/** Downloads the official kernel, or takes it from Go's module cache. @throws {Unavailable} */
export function fetchOfficialKernel(): WebAssembly.Module {
  const { error, status, stdout, stderr } = spawnSync('go', ['mod', 'download', '-json', MODULE], {
    encoding: 'utf8',
  });
  if (error) throw new Unavailable(`go cannot be run: ${error.message}`);
  if (status !== 0) throw new Unavailable(`go mod download ${MODULE}: ${stderr || stdout}`);
  const { Dir } = JSON.parse(stdout) as { Dir: string };
  return new WebAssembly.Module(readFileSync(join(Dir, 'extism-runtime.wasm')));
}
