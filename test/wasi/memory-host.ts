import type { BothTimes, PathFile, PathHost } from '../../wasi/files/path-host.ts';
import { Errno, type FsDirectory, type FsStat, MemoryFs } from '../../wasi/index.ts';

const STEP_NS = 1_000n;
const rounded = ({ atimNs, mtimNs }: BothTimes): BothTimes => ({
  atimNs: atimNs - (atimNs % STEP_NS),
  mtimNs: mtimNs - (mtimNs % STEP_NS),
});

/**
 * A host that finds files by their whole path only, over files in memory. Like other hosts, it rounds times, and returns EEXIST
 * for a folder that is not empty.
 * @param root the path of the root folder
 */
export function memoryHost(root: string, { root: folder }: { root: FsDirectory } = new MemoryFs()): PathHost {
  const namesOf = (path: string) => path.slice(root.length).split('/').filter(Boolean);
  const find = (names: readonly string[]): FsDirectory | number =>
    names.reduce<FsDirectory | number>(
      (at, name) => (typeof at === 'number' ? at : at.openDirectory(name)),
      folder,
    );
  /** Calls `call` with the folder around an entry and the entry's name. */
  const at = <T>(path: string, call: (around: FsDirectory, name: string) => T): T | number => {
    const names = namesOf(path);
    const around = find(names.slice(0, -1));
    return typeof around === 'number' ? around : call(around, names.at(-1)!);
  };
  const within = <T>(path: string, call: (directory: FsDirectory) => T): T | number => {
    const directory = find(namesOf(path));
    return typeof directory === 'number' ? directory : call(directory);
  };
  const isRoot = (path: string) => namesOf(path).length === 0;
  return {
    root,
    isName: name => !/[/\0]/.test(name),
    look: (path): FsStat | number =>
      isRoot(path) ? folder.stat() : at(path, (around, name) => around.lookup(name)),
    list: path => within(path, directory => directory.list()),
    openFile: (path, opening) =>
      at(path, (around, name): PathFile | number => {
        const file = around.openFile(name, opening);
        if (typeof file === 'number') return file;
        return {
          stat: () => file.stat(),
          read: (into, offset) => file.read(into, offset),
          write: (bytes, offset) => file.write(bytes, offset),
          setSize: sizeBytes => file.setSize(sizeBytes),
          setTimes: times => file.setTimes(rounded(times)),
          sync: dataOnly => file.sync(dataOnly),
          close: () => file.close(),
        };
      }),
    readLink: path => at(path, (around, name) => around.readLink(name)),
    makeDirectory: path => at(path, (around, name) => around.makeDirectory(name)),
    removeDirectory: path => at(path, (around, name) => around.removeDirectory(name)),
    unlink: path => at(path, (around, name) => around.unlink(name)),
    symlink: (path, target) => at(path, (around, name) => around.symlink(name, target)),
    link: (from, to) => at(from, (one, name) => at(to, (other, toName) => one.link(name, other, toName))),
    rename: (from, to) =>
      at(from, (one, name) =>
        at(to, (other, toName) => {
          const errno = one.rename(name, other, toName);
          return errno === Errno.ENOTEMPTY ? Errno.EEXIST : errno;
        }),
      ),
    setTimes: (path, times) =>
      isRoot(path)
        ? folder.setTimes(rounded(times))
        : at(path, (around, name) => around.setTimesOf(name, rounded(times))),
    syncDirectory: path => within(path, directory => directory.sync()),
  };
}
