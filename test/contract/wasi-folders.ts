import { Filetype } from '../../wasi/index.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { ROOT } from '../wasi/program.ts';
import type { WithFs } from './fs.ts';
import { programsOn } from './with-program.ts';

/** Listings, as a program sees them. */
export function foldersContract(name: string, withFs: WithFs): void {
  suite(name, test => {
    const withProgram = programsOn(withFs);

    test.row(
      'wasi.fd_readdir',
      'an empty folder lists . and .. first, with the inodes of fd_filestat_get',
      withProgram(program => {
        const { entries, atEnd } = program.listFrom(ROOT, 0n);
        ok(atEnd);
        equal(
          entries.map(entry => [entry.name, entry.filetype]),
          [
            ['.', Filetype.DIRECTORY],
            ['..', Filetype.DIRECTORY],
          ],
        );
        is(entries[0]?.ino, program.stat(ROOT).ino);
      }),
    );

    test.row(
      'wasi.fd_readdir',
      'a listing continues after the entry of each cookie',
      withProgram(program => {
        for (const file of ['one', 'two', 'three']) program.makeFile(file);
        program.do('path_create_directory', ROOT, 'folder');
        program.do('path_symlink', 'one', ROOT, 'link');
        const { entries } = program.listFrom(ROOT, 0n);
        is(entries.length, 7);
        for (const [index, { name, ino, filetype, next }] of entries.entries()) {
          equal(program.listFrom(ROOT, next).entries, entries.slice(index + 1));
          if (name === '..') continue;
          const stat = program.statPath(name);
          equal([ino, filetype], [stat.ino, stat.filetype], name);
        }
        for (const cookie of [8n, 2n ** 32n, 2n ** 64n - 1n])
          equal(program.listFrom(ROOT, cookie), { entries: [], atEnd: true });
      }),
    );

    test.row(
      'wasi.fd_readdir',
      'a listing does not change while its entries are removed, and is read again with cookie 0',
      withProgram(program => {
        for (let index = 0; index < 100; index++) program.makeFile(`file${index}`);
        const seen: string[] = [];
        for (let cookie = 0n, done = false; !done; ) {
          const { entries, atEnd } = program.listFrom(ROOT, cookie, 256);
          for (const { name, next } of entries) {
            cookie = next;
            seen.push(name);
            if (name.startsWith('file')) program.do('path_unlink_file', ROOT, name);
          }
          done = atEnd;
        }
        is(new Set(seen).size, 102);
        is(seen.length, 102);
        is(program.listFrom(ROOT, 0n).entries.length, 2);
        program.makeFile('later');
        is(program.listFrom(ROOT, 2n).entries.length, 0);
        is(program.listFrom(ROOT, 0n).entries.length, 3);
      }),
    );

    test.row(
      'wasi.fd_readdir',
      'an entry that was removed after the first call has inode 0 and an unknown type',
      withProgram(program => {
        for (const file of ['one', 'two']) program.makeFile(file);
        is(program.listFrom(ROOT, 0n, 30).atEnd, false);
        for (const file of ['one', 'two']) program.do('path_unlink_file', ROOT, file);
        const { entries } = program.listFrom(ROOT, 2n);
        equal(
          entries.map(({ ino, filetype }) => [ino, filetype]),
          [0, 1].map(() => [0n, Filetype.UNKNOWN]),
        );
      }),
    );

    test.row(
      'wasi.fd_readdir',
      'the buffer is filled to its last byte, for every size down to 0',
      withProgram(program => {
        program.makeFile('file');
        const whole = program.guest;
        program.do('fd_readdir', ROOT, 1024, 1000, 0n, 256);
        const all = whole.bytes.slice(1024, 1024 + program.u32(256));
        is(all.length, 3 * 24 + 1 + 2 + 4);
        for (let room = 0; room < all.length; room++) {
          whole.bytes.fill(0x3f, 1024, 2024);
          program.do('fd_readdir', ROOT, 1024, room, 0n, 256);
          is(program.u32(256), room);
          equal([...whole.bytes.slice(1024, 1024 + room)], [...all.slice(0, room)]);
          is(whole.bytes[1024 + room], 0x3f);
        }
      }),
    );
  });
}
