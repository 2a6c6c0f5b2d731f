import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The Go module with the kernel of the native runtime and the Go SDK. */
const MODULE = 'github.com/extism/go-sdk@v1.7.1';

/** Thrown when the module cannot be downloaded: Go is missing, or its proxy is out of reach. */
export class Unavailable extends Error {}

/** Returns the official kernel, downloaded or from Go's module cache. @throws {Unavailable} */
export function fetchOfficialKernel(): WebAssembly.Module {
  const { error, status, stdout, stderr } = spawnSync('go', ['mod', 'download', '-json', MODULE], {
    encoding: 'utf8',
  });
  if (error) throw new Unavailable(`go cannot be run: ${error.message}`);
  if (status !== 0) throw new Unavailable(`go mod download ${MODULE}: ${stderr || stdout}`);
  const { Dir } = JSON.parse(stdout) as { Dir: string };
  return new WebAssembly.Module(readFileSync(join(Dir, 'extism-runtime.wasm')));
}
