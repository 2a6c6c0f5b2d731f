import type { WasiFunctionName } from '../../wasi/index.ts';
import { equal, is } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { u32, utf8 } from '../wasi/guest.ts';
import { ALL_RIGHTS, type Argument, type Program } from '../wasi/program.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const PATHS = [
  ...NAMES,
  ...NAMES.flatMap(one => NAMES.map(two => `${one}/${two}`)),
  ...[
    'a/',
    'b/',
    'a/b/c',
    'a/..',
    'a/../b',
    '.',
    './a',
    'b/.',
    '..',
    'a/b/../../c',
    '/a',
    '',
    'a//b',
    'c/./d/',
  ],
];
const TARGETS = ['a', 'b', 'a/b', '../c', '../../d', '.', '..', 'd/', 'nowhere', './b/../a'];
const OUT = 256;
const IOVS = 512;
const DATA = 1024;

type Call = readonly [name: WasiFunctionName, ...args: readonly Argument[]];

function randomCall(random: Random): Call {
  const fd = random.pick([1, 3, 3, 3, 3, 4, 4, 5, 5, 6, 7]);
  const path = () => random.pick(PATHS);
  const follow = random.below(2);
  const size = BigInt(random.below(40));
  return random.pick<() => Call>([
    () => [
      'path_open',
      fd,
      follow,
      path(),
      random.below(16),
      random.below(2) ? ALL_RIGHTS : ALL_RIGHTS & ~64n,
      ALL_RIGHTS,
      random.below(2),
      OUT,
    ],
    () => ['path_open', 3, follow, path(), 1, ALL_RIGHTS, ALL_RIGHTS, 0, OUT],
    () => ['path_create_directory', fd, path()],
    () => ['path_create_directory', 3, path()],
    () => ['path_symlink', random.pick(TARGETS), fd, path()],
    () => ['path_link', fd, follow, path(), 3, path()],
    () => ['path_rename', fd, path(), random.pick([3, 3, 4, 5]), path()],
    () => ['path_unlink_file', fd, path()],
    () => ['path_remove_directory', fd, path()],
    () => ['path_readlink', fd, path(), DATA, 100, OUT],
    () => ['path_filestat_get', fd, follow, path(), DATA],
    () => ['path_filestat_set_times', fd, follow, path(), size, size * 7n, 5],
    () => ['fd_write', fd, IOVS, 2, OUT],
    () => ['fd_read', fd, IOVS, 2, OUT],
    () => ['fd_pread', fd, IOVS, 1, size, OUT],
    () => ['fd_pwrite', fd, IOVS, 1, size, OUT],
    () => ['fd_seek', fd, size, random.below(3), OUT],
    () => ['fd_tell', fd, OUT],
    () => ['fd_filestat_get', fd, DATA],
    () => ['fd_filestat_set_size', fd, size],
    () => ['fd_filestat_set_times', fd, size, size + 1n, 5],
    () => ['fd_allocate', fd, size, size],
    () => ['fd_fdstat_set_flags', fd, random.below(2)],
    () => ['fd_renumber', random.pick([4, 5, 6]), random.pick([4, 5, 6])],
    () => ['fd_close', random.pick([4, 5, 6, 7, 8])],
  ])();
}

/** Calls a function and returns its observable result: the errno, and the bytes written if they are equal on all hosts. */
function observe(program: Program, [name, ...args]: Call): string {
  const { bytes } = program.guest;
  bytes.fill(0, OUT, OUT + 64);
  bytes.fill(0, DATA, DATA + 200);
  bytes.set(utf8('written'), DATA + 100);
  bytes.set([DATA + 100, 7, DATA + 104, 2].flatMap(u32), IOVS);
  const answer = program.call(name, ...args);
  const seen = program.guest.bytes.slice(DATA, DATA + 200);
  // Left out, because hosts differ: device, inode, size and links of folders, and times.
  if (name.endsWith('filestat_get'))
    return `${answer} type ${seen[16]} size ${seen[16] === 4 ? seen[32] : ''}`;
  return `${answer} ${[...program.guest.bytes.slice(OUT, OUT + 8), ...seen].join()}`;
}

/** Lists all files and links below a folder, with contents, sizes and targets. */
function tree(program: Program, fd: number, path = ''): string[] {
  const names = program.listFrom(fd, 0n).entries.map(entry => entry.name);
  return names
    .filter(name => name !== '.' && name !== '..')
    .sort()
    .flatMap(name => {
      const { filetype, size, nlink } = program.statPath(name, false, fd);
      const where = `${path}/${name}`;
      if (filetype === 7) {
        program.call('path_readlink', fd, name, DATA, 100, OUT);
        return [`${where} -> ${program.text(DATA, program.u32(OUT))}`];
      }
      const opened = program.openFolderOrFile(name, fd);
      const inner = filetype === 3 ? tree(program, opened, where) : [];
      const line = filetype === 3 ? `${where}/` : `${where} ${size} ${nlink} ${program.read(opened)}`;
      program.do('fd_close', opened);
      return [line, ...inner];
    });
}

/** Makes the same random calls on two file systems, and fails unless all results are equal. */
export function sameToPrograms(seed: number, calls: number, one: Program, two: Program): void {
  const random = new Random(seed);
  const log: string[] = [];
  for (let count = 0; count < calls; count++) {
    const call = randomCall(random);
    log.push(call.map(String).join(' '));
    is(observe(two, call), observe(one, call), `seed ${seed}, call ${count}:\n${log.slice(-12).join('\n')}`);
  }
  equal(two.guest.diagnostics, one.guest.diagnostics);
  for (const program of [one, two]) for (const fd of [4, 5, 6, 7, 8]) program.call('fd_close', fd);
  equal(tree(two, 3), tree(one, 3), `seed ${seed}`);
}
