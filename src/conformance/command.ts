import { bytesSource, createWasi } from '../../wasi/index.ts';
import { foldersOf, memoryFolders } from './folders.ts';
import type { CommandScenario, CommandSeen } from './host.ts';

/** Runs a WASI program, its files in memory. */
export async function runCommand(
  source: Uint8Array<ArrayBuffer> | WebAssembly.Module,
  scenario: CommandScenario,
): Promise<CommandSeen> {
  const files = memoryFolders(scenario.folders);
  const stdout = new Collected();
  const stderr = new Collected();
  const wasi = createWasi({
    args: scenario.args,
    env: scenario.env,
    stdin: bytesSource(scenario.stdin),
    stdout,
    stderr,
    preopens: Object.fromEntries(Object.entries(scenario.mounts).map(([to, name]) => [to, files.get(name)!])),
  });
  const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
  const instance = await WebAssembly.instantiate(module, wasi.getImportObject(module));
  const exitCode = wasi.start(instance);
  const folders = foldersOf(files);
  return { exitCode, stdout: stdout.bytes(), stderr: stderr.bytes(), folders };
}

class Collected {
  readonly #parts: Uint8Array[] = [];
  write(bytes: Uint8Array): void {
    this.#parts.push(bytes.slice());
  }
  bytes(): Uint8Array {
    const all = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
