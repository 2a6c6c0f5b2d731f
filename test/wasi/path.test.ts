import { Errno, Filetype, MemoryFs } from '../../wasi/index.ts';
import { is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { Guest, u32, u64, utf8, zeros } from './guest.ts';

const LONG = 'd/'.repeat(40);
const ROWS: { title: string; path: readonly number[]; errno: number }[] = [
  { title: 'ASCII', path: utf8('plain'), errno: Errno.ESUCCESS },
  { title: 'other letters behind ASCII', path: utf8('aé€😀'), errno: Errno.ESUCCESS },
  { title: 'a mark at the start, which is part of the name', path: utf8('\ufeffa'), errno: Errno.ENOENT },
  { title: 'NUL behind a name that is there', path: utf8('plain\0'), errno: Errno.EINVAL },
  { title: 'NUL in a long path', path: utf8(`${LONG}\0`), errno: Errno.EINVAL },
  { title: 'half a letter behind a name that is there', path: [...utf8('plain'), 0xc3], errno: Errno.EILSEQ },
  { title: 'no UTF-8 in a long path', path: [...utf8(LONG), 0xff], errno: Errno.EILSEQ },
  { title: 'nothing', path: [], errno: Errno.ENOENT },
  { title: 'a name of 255 bytes', path: utf8('€'.repeat(85)), errno: Errno.ENOENT },
  { title: 'a name of 258 bytes in 86 letters', path: utf8('€'.repeat(86)), errno: Errno.ENAMETOOLONG },
  { title: 'a name of 256 bytes', path: utf8('a'.repeat(256)), errno: Errno.ENAMETOOLONG },
];

suite('wasi/path', test => {
  for (const { title, path, errno } of ROWS)
    test(`the text of a path: ${title}`, () => {
      const guest = new Guest({ preopens: { '/': new MemoryFs({ plain: '', 'aé€😀': '', a: '' }) } });
      guest.place(1000, path);
      is(guest.call('path_filestat_get', 3, 0, 1000, path.length, 200), errno);
    });

  test.row('wasi.path_filestat_get', 'every byte of a filestat is written, the padding too', () => {
    const files = new MemoryFs({ file: 'abc' }, { nowNs: () => 7n });
    const guest = new Guest({ preopens: { '/other': new MemoryFs(), '/': files } }).place(1000, utf8('file'));
    is(guest.call('path_filestat_get', 4, 0, 1000, 4, 200), Errno.ESUCCESS);
    const identity = [...u64(2n << 48n), ...u64(2n)];
    const kind = [...u32(Filetype.REGULAR_FILE), ...zeros(4)];
    guest.wrote([200, [...identity, ...kind, ...[1n, 3n, 7n, 7n, 7n].flatMap(u64)]]);
  });
});
