// Runs a WASI command, compiled from C, with everything that it sees made up here: the same on every runtime.
import { bytesSource, createWasi, LineSink, MemoryFs } from 'plugboard/wasi';

/** Counts the words in the text. `module` is fixtures/c-command/c_command.wasm, compiled. */
export async function tally(module, words, text) {
  const files = new MemoryFs({ 'words.txt': words.join('\n') });
  const lines = [];
  const output = new LineSink({ onLine: line => lines.push(line) });
  const wasi = createWasi({
    args: ['tally', '/words.txt', '/report.txt'],
    env: { TALLY_LABEL: 'found' },
    preopens: { '/': files },
    stdin: bytesSource(new TextEncoder().encode(text)),
    stdout: output,
    stderr: output,
  });
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.imports });
  const exitCode = wasi.start(instance);
  const report = new TextDecoder().decode(files.snapshot()['report.txt']);
  return { exitCode, output: `${lines.join('\n')}\n${report}` };
}
