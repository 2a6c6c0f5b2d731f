import { type Follow, MAX_LINKS, resolvePath } from '../../wasi/files/path-resolver.ts';
import { Errno, Filetype, type FsDirectory, MemoryFs } from '../../wasi/index.ts';
import { Failure } from '../../wasi/result.ts';
import { equal } from '../helpers/assert.ts';
import type { Random } from '../helpers/random.ts';
import type { Target } from './target.ts';

type Entry = readonly [folder: number, name: string, kind: 'file' | 'folder' | 'link', target: string];
interface Input {
  /** Each made in the folder with this number; the root is 0, and folders are counted in the order of this list. */
  entries: readonly Entry[];
  path: string;
  follow: Follow;
}

const NAMES = ['a', 'b', 'c', 'é', 'x'.repeat(255), 'x'.repeat(256), '€'.repeat(85), '€'.repeat(86)];
const name = (random: Random) => random.pick(NAMES.slice(0, random.below(8) ? 3 : NAMES.length));
const randomPath = (random: Random): string => {
  const parts = Array.from({ length: 1 + random.below(6) }, () =>
    random.below(3) ? name(random) : random.pick(['.', '..', '']),
  );
  return `${random.below(10) ? '' : '/'}${parts.join('/')}${random.below(4) ? '' : '/'}`;
};

interface Node {
  id: bigint;
  entries: Map<string, Node> | null;
  target: string | null;
}

/** The errno, or the folder, name and entry that were found. */
type Found = number | { folder: bigint; name?: string; entry?: bigint | undefined; slash?: boolean };

/** Resolves a path as a text that is rewritten at each link. */
function simplyResolve(root: Node, path: string, follow: Follow): Found {
  if (path === '') return Errno.ENOENT;
  if (path.startsWith('/')) return Errno.EPERM;
  const way = [root];
  let rest = path;
  let links = 0;
  for (;;) {
    rest = rest.replace(/^\/+/, '');
    const folder = way.at(-1)!;
    if (rest === '') return { folder: folder.id };
    const end = rest.indexOf('/');
    const head = end < 0 ? rest : rest.slice(0, end);
    const tail = end < 0 ? '' : rest.slice(end);
    const isLast = /^\/*$/.test(tail);
    const slash = isLast && tail !== '';
    if (head === '..') way.pop();
    if (way.length === 0) return Errno.EPERM;
    if (head === '.' || head === '..') {
      rest = tail;
      continue;
    }
    if (new TextEncoder().encode(head).length > 255) return Errno.ENAMETOOLONG;
    const entry = folder.entries!.get(head);
    if (!entry) return isLast ? { folder: folder.id, name: head, entry: undefined, slash } : Errno.ENOENT;
    const follows = !isLast || follow === 'always' || (follow === 'before slash' && slash);
    if (entry.target !== null && follows) {
      if (++links > MAX_LINKS) return Errno.ELOOP;
      if (entry.target === '') return Errno.ENOENT;
      if (entry.target.startsWith('/')) return Errno.EPERM;
      rest = entry.target + tail;
      continue;
    }
    if (isLast) {
      if (slash && !entry.entries) return Errno.ENOTDIR;
      return { folder: folder.id, name: head, entry: entry.id, slash };
    }
    if (!entry.entries) return entry.target === null ? Errno.ENOTDIR : Errno.ELOOP;
    way.push(entry);
    rest = tail;
  }
}

const idOf = (folder: FsDirectory) => {
  const stat = folder.stat();
  return typeof stat === 'number' ? BigInt(-stat) : stat.ino;
};

/** Files in memory, and a path: the resolver against a simple one. */
export const paths: Target<Input> = {
  name: 'paths',
  make: random => {
    let folders = 1;
    const entries = Array.from({ length: random.below(12) }, (): Entry => {
      const kind = random.pick(['file', 'folder', 'folder', 'link', 'link'] as const);
      const folder = random.below(folders);
      if (kind === 'folder') folders++;
      return [
        folder,
        name(random),
        kind,
        kind === 'link' ? (random.below(20) ? randomPath(random) : '') : '',
      ];
    });
    const follow = random.pick<Follow>(['always', 'before slash', 'never']);
    return { entries, path: randomPath(random), follow };
  },
  check: ({ entries, path, follow }) => {
    const { root } = new MemoryFs();
    const model: Node = { id: idOf(root), entries: new Map(), target: null };
    const folders: [FsDirectory, Node][] = [[root, model]];
    for (const [at, entry, kind, target] of entries) {
      const [folder, node] = folders[at] ?? folders[0]!;
      // A name that is taken is left; a folder that could not be made is counted as the one it stands in.
      const isFree = typeof folder.lookup(entry) === 'number';
      if (isFree && kind === 'file')
        folder.openFile(entry, { read: false, write: true, create: true, exclusive: true, truncate: false });
      if (isFree && kind === 'folder') folder.makeDirectory(entry);
      if (isFree && kind === 'link') folder.symlink(entry, target);
      const stat = folder.lookup(entry);
      if (isFree && typeof stat !== 'number') {
        const isFolder = stat.filetype === Filetype.DIRECTORY;
        node.entries!.set(entry, {
          id: stat.ino,
          entries: isFolder ? new Map() : null,
          target: kind === 'link' ? target : null,
        });
      }
      if (kind !== 'folder') continue;
      const made = folder.openDirectory(entry);
      folders.push(typeof made === 'number' ? [folder, node] : [made, node.entries!.get(entry)!]);
    }
    const found = resolvePath(root, path, follow);
    const seen: Found =
      found instanceof Failure
        ? found.errno
        : found.name === undefined
          ? { folder: idOf(found.directory) }
          : {
              folder: idOf(found.directory),
              name: found.name,
              entry: found.stat?.ino,
              slash: found.slash,
            };
    equal(seen, simplyResolve(model, path, follow));
  },
};
