import { type FsDirectory, type FsStat, isFolder } from '../embedder.ts';
import { Fail, Failure, type Result, resultOf } from '../result.ts';
import { Filetype } from '../spec/constants.ts';

/** Limits, as on Linux: bytes of a path or of a link's target, bytes of a name, links followed for one path. */
export const MAX_PATH_BYTES = 4096;
export const MAX_NAME_BYTES = 255;
export const MAX_LINKS = 40;

/** Whether a link in the last place is followed: always, only if a slash comes after it, or never. */
export type Follow = 'always' | 'before slash' | 'never';

/** A name in a folder, with a description of the entry; `stat` is `undefined` if the name is free. */
export interface EntryTarget {
  readonly directory: FsDirectory;
  readonly name: string;
  readonly stat: FsStat | undefined;
  /** Whether the path ended in a slash, so that it can only mean a folder. */
  readonly slash: boolean;
}

/** A folder named by `.` or `..` in the last place of the path, and not by the name of an entry. */
export interface FolderTarget {
  readonly directory: FsDirectory;
  readonly name: undefined;
}

export type Target = EntryTarget | FolderTarget;

/** `.` and `..` are components; empty ones and a slash at the end are not. */
const split = (path: string) =>
  path.includes('/') ? path.split('/').filter(component => component !== '') : [path];

/**
 * Finds the entry that `path` names below `root`. Nothing else resolves paths. The result is never outside `root`: `..` above
 * `root`, absolute paths, and links that lead to either are EPERM, without a look at the files there. Folders on the way are
 * opened one by one, so `..` returns to the folder that the path came from, even if another folder was moved meanwhile.
 */
export function resolvePath(root: FsDirectory, path: string, follow: Follow): Result<Target> {
  if (path === '') return Fail.ENOENT;
  if (path.startsWith('/')) return Fail.EPERM;
  /** The open folders from `root` to the current one. */
  const way: FsDirectory[] = [root];
  /** Components that are still to resolve, the next one last. */
  const ahead = split(path).reverse();
  let slash = path.endsWith('/');
  let links = 0;

  for (let component = ahead.pop(); component !== undefined; component = ahead.pop()) {
    const directory = way.at(-1)!;
    if (component === '.') continue;
    if (component === '..') {
      way.pop();
      if (way.length === 0) return Fail.EPERM;
      continue;
    }
    if (isTooLong(component)) return Fail.ENAMETOOLONG;
    const isLast = ahead.length === 0;
    const stat = resultOf(directory.lookup(component));
    if (stat instanceof Failure) {
      if (stat !== Fail.ENOENT || !isLast) return stat;
      return { directory, name: component, stat: undefined, slash };
    }
    const follows = !isLast || follow === 'always' || (follow === 'before slash' && slash);
    if (stat.filetype === Filetype.SYMBOLIC_LINK && follows) {
      if (++links > MAX_LINKS) return Fail.ELOOP;
      const target = resultOf(directory.readLink(component));
      if (target instanceof Failure) return target;
      if (target === '') return Fail.ENOENT;
      if (target.startsWith('/')) return Fail.EPERM;
      if (isLast && target.endsWith('/')) slash = true;
      ahead.push(...split(target).reverse());
      continue;
    }
    if (isLast) {
      if (slash && !isFolder(stat)) return Fail.ENOTDIR;
      return { directory, name: component, stat, slash };
    }
    const next = resultOf(directory.openDirectory(component, stat, true));
    if (next instanceof Failure) return next;
    way.push(next);
  }
  return { directory: way.at(-1)!, name: undefined };
}

/** A UTF-16 code unit takes at most three bytes, so most names need not be encoded to be measured. */
const isTooLong = (name: string) =>
  name.length * 3 > MAX_NAME_BYTES && new TextEncoder().encode(name).length > MAX_NAME_BYTES;
