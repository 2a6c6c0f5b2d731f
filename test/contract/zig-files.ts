import { createWasi, LineSink } from '../../wasi/index.ts';
import { equal, is } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { Program } from '../wasi/program.ts';
import type { WithFs } from './fs.ts';

/** fixtures/zig-files: folders and files as Zig's standard library uses them. */
export function zigFiles(name: string, withFs: WithFs): void {
  suite(name, test => {
    test.row(
      ['wasi.path_open', 'wasi.fd_pwrite', 'wasi.fd_readdir', 'wasi.path_rename'],
      'files in folders are made, written, cut, listed and moved',
      () =>
        withFs(fs => {
          const [stdout, stderr] = [new LineSink(), new LineSink()];
          const wasi = createWasi({ args: ['zig-files'], preopens: { '/': fs }, stdout, stderr });
          const module = new WebAssembly.Module(
            host().readBytes('fixtures/zig-files/zig_files.wasm').slice(),
          );
          const instance = new WebAssembly.Instance(module, wasi.getImportObject(module));
          is(wasi.start(instance), 0);
          equal([stdout.lines, stderr.lines], [['from Zig: 2 entries, 3 bytes'], []]);
          const program = new Program({ '/': fs });
          equal(program.list('folder/deep'), ['moved']);
          is(program.readFile('folder/deep/moved'), 'from Zig');
          program.guest.wasi.close();
        }),
    );
  });
}
