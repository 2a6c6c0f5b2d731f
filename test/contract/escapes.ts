import { type Fs, Rights } from '../../wasi/index.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { u32 } from '../wasi/guest.ts';
import { ALL_RIGHTS, CREAT, DIRECTORY, EXCL, Program, ROOT, TRUNC } from '../wasi/program.ts';

/**
 * The given file system: its root is the folder `inside`. Beside that folder there are `outside/secret`
 * ("secret"), the empty folder `outside/empty`, and the link `outside/back` to the folder `inside`.
 */
export interface Surroundings {
  fs: Fs;
  /** Describes everything around the root. The text changes with any file, content, link, time or name. */
  around(): string;
}

export type WithSurroundings = (body: (surroundings: Surroundings) => void) => void;

/** Every way to use a path; each is tried with every hostile path. */
const uses: readonly { title: string; run(program: Program, path: string): string }[] = [
  { title: 'open', run: (program, path) => opened(program.tryOpen(path, { rights: ALL_RIGHTS })) },
  {
    title: 'open followed',
    run: (program, path) => opened(program.tryOpen(path, { follow: true, rights: ALL_RIGHTS })),
  },
  {
    title: 'create',
    run: (program, path) =>
      opened(program.tryOpen(path, { follow: true, oflags: CREAT, rights: ALL_RIGHTS })),
  },
  {
    title: 'create anew',
    run: (program, path) =>
      opened(program.tryOpen(path, { follow: true, oflags: CREAT | EXCL, rights: ALL_RIGHTS })),
  },
  {
    title: 'truncate',
    run: (program, path) => opened(program.tryOpen(path, { follow: true, oflags: TRUNC })),
  },
  {
    title: 'open the folder',
    run: (program, path) => opened(program.tryOpen(path, { follow: true, oflags: DIRECTORY })),
  },
  { title: 'make a folder', run: (program, path) => program.call('path_create_directory', ROOT, path) },
  { title: 'describe', run: (program, path) => program.call('path_filestat_get', ROOT, 1, path, 256) },
  {
    title: 'set times',
    run: (program, path) => program.call('path_filestat_set_times', ROOT, 1, path, 1n, 1n, 5),
  },
  {
    title: 'read the link',
    run: (program, path) => program.call('path_readlink', ROOT, path, 1024, 100, 256),
  },
  { title: 'remove the folder', run: (program, path) => program.call('path_remove_directory', ROOT, path) },
  { title: 'remove', run: (program, path) => program.call('path_unlink_file', ROOT, path) },
  { title: 'link from', run: (program, path) => program.call('path_link', ROOT, 1, path, ROOT, 'stolen') },
  { title: 'link to', run: (program, path) => program.call('path_link', ROOT, 0, 'mine', ROOT, path) },
  { title: 'rename from', run: (program, path) => program.call('path_rename', ROOT, path, ROOT, 'stolen') },
  { title: 'rename to', run: (program, path) => program.call('path_rename', ROOT, 'mine', ROOT, path) },
  { title: 'make a link', run: (program, path) => program.call('path_symlink', 'mine', ROOT, path) },
];

const opened = (answer: string | number) => (typeof answer === 'number' ? 'opened' : answer);

/** Paths that lead out, given the links of `furnish`. */
const paths: readonly string[] = [
  '..',
  '../',
  '../outside',
  '../outside/secret',
  '../outside/new',
  '../outside/empty',
  '../inside/mine',
  './../outside/secret',
  'folder/../../outside/secret',
  'folder/../../outside/new',
  'folder/./.././../outside/secret',
  'folder//..//..//outside//secret',
  'folder/deep/../../../outside/secret',
  '/',
  '//',
  '/outside/secret',
  '/../outside/secret',
  '//outside/secret',
  '/etc/passwd',
  '/tmp',
  'to-out',
  'to-out/',
  'to-out/secret',
  'to-out/new',
  'to-out/empty',
  'to-out/empty/',
  'to-out/empty/new',
  'to-out/back/mine',
  'to-out/../outside/secret',
  'to-secret',
  'to-secret/',
  'to-new',
  'to-up',
  'to-up/outside/secret',
  'to-up/outside/new',
  'folder/to-out',
  'folder/to-out/secret',
  'folder/deep/to-out/secret',
  'chain',
  'chain/secret',
  'chain/new',
  'through/../../../outside/secret',
  'through/../../../outside/new',
  'self/../outside/secret',
  'folder/to-up/../outside/secret',
];

/** Paths that must fail or stay inside: names with a meaning on other systems, and malformed paths. */
const oddities: readonly string[] = [
  '..\\outside\\secret',
  'folder\\..\\..\\outside\\secret',
  'C:\\outside',
  'c:secret',
  '\\\\server\\share',
  '..%2foutside%2fsecret',
  '..\u2215outside\u2215secret',
  '\uff0e\uff0e/outside/secret',
  '...',
  '.. ',
  '~',
  '~/secret',
  'mine\0../outside/secret',
  '\0',
  '..\0',
  'mine/../../outside/secret',
  'none/../../outside/secret',
  'loop/../outside/secret',
  'mine:stream',
  'nul',
  `${'folder/../'.repeat(400)}../outside/secret`,
  `${'a'.repeat(255)}/../../outside/secret`,
];

function furnish(program: Program): void {
  program.makeFile('mine', 'mine');
  for (const folder of ['folder', 'folder/deep', 'inner']) program.do('path_create_directory', ROOT, folder);
  for (const [name, target] of [
    ['to-out', '../outside'],
    ['to-secret', '../outside/secret'],
    ['to-new', '../outside/new'],
    ['to-up', '..'],
    ['folder/to-out', '../../outside'],
    ['folder/to-up', '../..'],
    ['folder/deep/to-out', '../../../outside'],
    ['chain', 'folder/deep/../link'],
    ['folder/link', './to-out'],
    ['through', 'folder/deep'],
    ['self', '.'],
    ['loop', 'loop'],
  ] as const)
    program.do('path_symlink', target, ROOT, name);
}

/** Attempts to get out that take several steps. Nothing outside may change, and no content from outside may be read. */
const plots: readonly { title: string; run(program: Program): void }[] = [
  {
    title: 'a link in the place of a folder that is open',
    run: program => {
      const folder = program.openFolder('folder');
      program.do('path_rename', ROOT, 'folder', ROOT, 'moved');
      program.do('path_symlink', '../outside', ROOT, 'folder');
      spoil(program, folder);
    },
  },
  {
    title: 'a link in the place of the folder above one that is open',
    run: program => {
      program.do('path_create_directory', ROOT, 'folder/empty');
      const folder = program.openFolder('folder/empty');
      program.do('path_rename', ROOT, 'folder', ROOT, 'moved');
      program.do('path_symlink', '../outside', ROOT, 'folder');
      spoil(program, folder);
    },
  },
  {
    title: 'a link renamed onto the place of an open folder that was removed',
    run: program => {
      const folder = program.openFolder('inner');
      program.do('path_remove_directory', ROOT, 'inner');
      program.do('path_rename', ROOT, 'to-out', ROOT, 'inner');
      spoil(program, folder);
    },
  },
  {
    title: 'a folder renamed over a link, and back',
    run: program => {
      is(program.call('path_rename', ROOT, 'folder', ROOT, 'to-out'), 'ENOTDIR');
      program.do('path_rename', ROOT, 'mine', ROOT, 'to-secret');
      is(program.readFile('to-secret'), 'mine');
    },
  },
  {
    title: 'a hard link to a link that leads out',
    run: program => {
      program.do('path_link', ROOT, 0, 'to-secret', ROOT, 'second');
      is(program.tryOpen('second', { follow: true, rights: ALL_RIGHTS }), 'EPERM');
      is(program.call('path_link', ROOT, 1, 'to-secret', ROOT, 'third'), 'EPERM');
    },
  },
  {
    title: 'a link moved up, so that its target moves out',
    run: program => {
      program.do('path_symlink', '../../outside', ROOT, 'folder/deep/almost');
      is(program.tryOpen('folder/deep/almost/secret', { follow: true }), 'ENOENT');
      program.do('path_rename', ROOT, 'folder/deep/almost', ROOT, 'folder/almost');
      is(program.tryOpen('folder/almost/secret', { follow: true }), 'EPERM');
    },
  },
  {
    title: 'a folder moved while something below it is open',
    run: program => {
      const deep = program.openFolder('folder/deep');
      program.do('path_rename', ROOT, 'folder/deep', ROOT, 'shallow');
      for (const path of ['..', '../..', '../../outside/secret', '../outside/secret'])
        is(program.tryOpen(path, { at: deep, follow: true }), 'EPERM');
      spoil(program, deep);
    },
  },
  {
    title: 'a link that leads out below a folder opened through a link',
    run: program => {
      const folder = program.open('through', {
        follow: true,
        oflags: DIRECTORY,
        rights: ALL_RIGHTS & ~Rights.FD_WRITE,
        inheriting: ALL_RIGHTS,
      });
      is(program.tryOpen('to-out/secret', { at: folder, follow: true }), 'EPERM');
      is(program.tryOpen('../to-out', { at: folder, follow: true }), 'EPERM');
    },
  },
  {
    title: 'links that grow each time they are followed',
    run: program => {
      for (let index = 0; index < 30; index++)
        program.do('path_symlink', `grow${index + 1}/grow${index + 1}`, ROOT, `grow${index}`);
      program.do('path_symlink', '.', ROOT, 'grow30');
      is(program.tryOpen('grow0', { follow: true }), 'ELOOP');
    },
  },
  {
    title: 'a link to the way out, made longer than a path may be',
    run: program => {
      const target = `${'folder/../'.repeat(409)}..`;
      program.do('path_symlink', target, ROOT, 'long');
      is(program.tryOpen('long/outside/secret', { follow: true }), 'EPERM');
    },
  },
  {
    title: 'stdio and files are not folders to start from',
    run: program => {
      const file = program.openFile('mine');
      for (const at of [0, 1, 2, file]) is(program.tryOpen('../outside/secret', { at }), 'ENOTDIR');
      for (const at of [99, 2 ** 32 - 1]) is(program.tryOpen('mine', { at }), 'EBADF');
    },
  },
];

/** Uses an open folder in every way that could reach the folder `outside`, which has taken its place. */
function spoil(program: Program, at: number): void {
  const answers = [
    program.tryOpen('secret', { at, rights: ALL_RIGHTS, follow: true }),
    program.tryOpen('secret', { at, oflags: TRUNC }),
    program.call('path_filestat_get', at, 0, 'secret', 256),
    program.call('path_unlink_file', at, 'secret'),
    program.call('path_rename', at, 'secret', ROOT, 'stolen'),
    program.call('path_link', at, 0, 'secret', ROOT, 'stolen'),
  ];
  for (const answer of answers) is(answer, 'ENOENT');
  // These calls may succeed, but only in the folder that was opened.
  program.tryOpen('new', { at, oflags: CREAT, rights: ALL_RIGHTS });
  program.call('path_create_directory', at, 'new-folder');
  program.call('path_symlink', 'x', at, 'new-link');
  program.call('path_rename', ROOT, 'mine', at, 'new-name');
  program.call('path_link', ROOT, 0, 'loop', at, 'new-second');
  program.call('path_remove_directory', at, 'empty');
  program.call('path_filestat_set_times', at, 0, '.', 1n, 1n, 5);
  program.call('fd_filestat_set_times', at, 1n, 1n, 5);
  program.call('fd_filestat_get', at, 256);
  const { entries } =
    program.call('fd_readdir', at, 1024, 1000, 0n, 256) === 'ESUCCESS'
      ? program.listFrom(at, 0n)
      : { entries: [] };
  ok(!entries.some(({ name }) => name === 'secret'));
}

const NUMBERS = [0, 1, 3, 7, 8, 24, 1023, 65_535, 65_536, 0x7fff_ffff, -0x8000_0000, -8, -1];

/** No path, link, descriptor or number leads out of a folder or throws into the host. */
export function escapesContract(name: string, withSurroundings: WithSurroundings): void {
  suite(name, test => {
    const attempt = (body: (program: Program) => void) => () =>
      withSurroundings(({ fs, around }) => {
        const before = around();
        ok(before.includes('secret'));
        const program = new Program({ '/': fs });
        try {
          furnish(program);
          body(program);
        } finally {
          program.guest.wasi.close();
        }
        is(around(), before);
        equal(program.guest.diagnostics, []);
      });

    /** Fails if a file inside has got the secret as its content. */
    const sawNothing = (program: Program) => {
      for (const path of program.list()) {
        const fd = program.tryOpen(path, { rights: Rights.FD_READ });
        if (typeof fd !== 'number' || program.fdstat(fd).filetype === 3) continue;
        ok(!program.read(fd).includes('secret'), path);
      }
    };

    for (const path of paths)
      test(`${JSON.stringify(path)} leads nowhere`, () => {
        // A link in the last place is inside: calls that do not follow it may succeed.
        const answers = /^(to-\w+\/?|folder\/to-\w+|chain)$/.test(path)
          ? /^(EPERM|ESUCCESS|EEXIST|EINVAL|ELOOP|ENOTDIR)$/
          : /^EPERM$/;
        for (const { title, run } of uses)
          attempt(program => {
            match(`${title}: ${run(program, path)}`, new RegExp(answers.source.replace('^', '^.*: ')));
            sawNothing(program);
          })();
      });

    for (const path of oddities)
      test(`${JSON.stringify(path.length > 50 ? `${path.slice(0, 50)}…` : path)} stays inside`, () => {
        for (const { run } of uses)
          attempt(program => {
            run(program, path);
            sawNothing(program);
          })();
      });

    for (const { title, run } of plots)
      test(
        title,
        attempt(program => {
          run(program);
          sawNothing(program);
        }),
      );

    for (const pointerAndLength of [
      [0, -1],
      [1, -1],
      [-1, 1],
      [65_536, 1],
      [65_535, 2],
      [-0x8000_0000, -0x8000_0000],
    ] as const)
      test(
        `a path at ${pointerAndLength.join(' of length ')} is EFAULT`,
        attempt(program => {
          for (const [call, before, after] of [
            ['path_create_directory', [ROOT], []],
            ['path_filestat_get', [ROOT, 0], [256]],
            ['path_filestat_set_times', [ROOT, 0], [1n, 1n, 5]],
            ['path_open', [ROOT, 0], [CREAT, 0n, 0n, 0, 256]],
            ['path_readlink', [ROOT], [1024, 10, 256]],
            ['path_remove_directory', [ROOT], []],
            ['path_unlink_file', [ROOT], []],
            ['path_symlink', ['x', ROOT], []],
            ['path_rename', [ROOT], [ROOT, 'new']],
            ['path_link', [ROOT, 0], [ROOT, 'new']],
          ] as const)
            is(program.call(call, ...before, ...pointerAndLength, ...after), 'EFAULT', call);
        }),
      );

    test(
      'iovecs and buffers of up to 2^32 bytes anywhere move nothing beyond the memory',
      attempt(program => {
        const file = program.openFile('mine');
        for (const pointer of NUMBERS)
          for (const length of NUMBERS) {
            program.guest.bytes.set([...u32(pointer >>> 0), ...u32(length >>> 0)], 512);
            const inside = (pointer >>> 0) + (length >>> 0) <= 65_536;
            for (const call of ['fd_pread', 'fd_pwrite'] as const)
              is(
                program.call(call, file, 512, 1, 0n, 256),
                inside ? 'ESUCCESS' : 'EFAULT',
                `${call} ${pointer} ${length}`,
              );
            is(program.call('fd_readdir', ROOT, pointer, length, 0n, 256), inside ? 'ESUCCESS' : 'EFAULT');
            const link = program.call('path_readlink', ROOT, 'to-out', pointer, length, 256);
            is(link, inside ? 'ESUCCESS' : 'EFAULT');
            program.do('fd_filestat_set_size', file, 4n);
          }
      }),
    );

    test(
      'iovec lists of up to 2^32 entries at any address are EFAULT if they reach beyond the memory',
      attempt(program => {
        const file = program.openFile('mine');
        for (const pointer of NUMBERS)
          for (const count of NUMBERS)
            for (const call of ['fd_read', 'fd_write'] as const) {
              const inside = (pointer >>> 0) + (count >>> 0) * 8 <= 65_536;
              const answer = program.call(call, file, pointer, count, 256);
              if (!inside) is(answer, 'EFAULT', `${call} ${pointer} ${count}`);
              program.do('fd_filestat_set_size', file, 4n);
              program.seek(file, 0n, 0);
            }
      }),
    );

    test(
      'cookies and offsets of up to 2^64 - 1 do not throw into the host',
      attempt(program => {
        const file = program.openFile('mine');
        for (const number of [
          1n,
          2n ** 31n,
          2n ** 32n,
          2n ** 53n,
          2n ** 63n - 1n,
          2n ** 63n,
          2n ** 64n - 1n,
        ]) {
          program.do('fd_readdir', ROOT, 1024, 100, number, 256);
          program.call('fd_seek', file, number, 0, 256);
          program.call('fd_seek', file, number, 1, 256);
          program.call('fd_seek', file, number, 2, 256);
          program.call('fd_pread', file, 512, 1, number, 256);
          program.call('fd_advise', file, number, number, 0);
        }
      }),
    );
  });
}
