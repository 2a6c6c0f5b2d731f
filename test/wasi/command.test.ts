import { bytesSource, createWasi, LineSink, MemoryFs, type Preopen } from '../../wasi/index.ts';
import { equal, is } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

/** Runs fixtures/c-command: its exit code and the last lines that it wrote. */
function tally(root: Preopen, args: readonly string[], text: string, env: Record<string, string> = {}) {
  const [stdout, stderr] = [new LineSink(), new LineSink()];
  const stdin = bytesSource(new TextEncoder().encode(text));
  const wasi = createWasi({ args: ['tally', ...args], env, preopens: { '/': root }, stdin, stdout, stderr });
  const bytes = host().readBytes('fixtures/c-command/c_command.wasm').slice();
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    wasi_snapshot_preview1: wasi.imports as unknown as WebAssembly.ModuleImports,
  });
  return { code: wasi.start(instance), stdout: stdout.lines, stderr: stderr.lines };
}

const textOf = (files: MemoryFs, name: string) =>
  new TextDecoder().decode(files.snapshot()[name] as Uint8Array);

suite('wasi/a command', test => {
  test('a command gets arguments, a variable and input, reads a file, writes another file and a line', () => {
    const files = new MemoryFs({ words: 'is\nit' });
    const run = tally(files, ['words', '/report'], 'so it is,\nor is it?', { TALLY_LABEL: 'gefunden, ä' });
    equal(run, { code: 0, stdout: ['gefunden, ä: 4'], stderr: [] });
    is(textOf(files, 'report'), 'is 2\nit 2\n');
  });

  test('a command reads much more input than fits into its memory', () => {
    const files = new MemoryFs({ words: 'is', report: 'the old report' });
    is(tally(files, ['words', 'report'], 'it is so\n'.repeat(20_000)).stdout[0], 'words: 20000');
    is(textOf(files, 'report'), 'is 20000\n');
  });

  for (const [title, root, args, error] of [
    ['a file that does not exist', new MemoryFs(), ['words', 'report'], 'words: No such file or directory'],
    ['a folder', new MemoryFs({ words: '' }), ['words', '/'], '/: Is a directory'],
    [
      'a file that it may not change',
      { fs: new MemoryFs({ words: '' }), readOnly: true },
      ['words', 'report'],
      'report: Read-only file system',
    ],
    ['a path that leads out', new MemoryFs({ words: '' }), ['words', '../report'], '../report: '],
  ] as const)
    test(`a command ends with code 3 and an error line for ${title}`, () => {
      const { code, stdout, stderr } = tally(root, args, 'text');
      equal([code, stdout], [3, []]);
      is(stderr[0]?.slice(0, 7 + error.length), `tally: ${error}`);
    });
});
