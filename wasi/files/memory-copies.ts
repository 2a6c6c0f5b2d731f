import { WasiError } from '../errors.ts';
import { type MemoryChanges, type MemoryDevice, MemoryLink, nullFile, zeroFile } from './memory-files.ts';
import { DeviceNode, FileNode, FolderNode, LinkNode, type MemoryNode } from './memory-nodes.ts';

/** The entries of a folder when its file system was made: names, with the file's number and how often it was written. */
export type Before = ReadonlyMap<string, { ino: bigint; writes: number }>;

export const writesOf = (node: MemoryNode): number => (node instanceof FileNode ? node.writes : 0);

interface Visit {
  folder: FolderNode;
  /** The entries of the folder that was at this place; undefined if there was none. */
  before: Before | undefined;
  copy: Record<string, MemoryChanges[string]>;
  name: string;
  around: Visit['copy'] | undefined;
}

/** Copies every entry that has changed. `folders` has the entries from the start, by the inode number of their folder. */
export function copyFolder(root: FolderNode, folders: ReadonlyMap<bigint, Before>): MemoryChanges {
  const empty = () => Object.create(null) as Visit['copy'];
  const copyNode = copier(root);
  // A list instead of recursion: a plugin may nest folders so deep that recursion would exhaust the call stack.
  const visits: Visit[] = [
    { folder: root, before: folders.get(root.ino), copy: empty(), name: '', around: undefined },
  ];
  for (const { folder, before, copy } of visits) {
    for (const name of before?.keys() ?? []) if (!folder.entries.has(name)) copy[name] = null;
    for (const [name, node] of folder.entries) {
      const old = before?.get(name);
      if (node instanceof FolderNode) {
        const inner = empty();
        copy[name] = inner;
        visits.push({ folder: node, before: old && folders.get(old.ino), copy: inner, name, around: copy });
      } else if (old?.ino !== node.ino || old.writes !== writesOf(node)) {
        copy[name] = copyNode(node, name);
      }
    }
  }
  // Inner folders first: when an inner folder without changes is dropped, its outer folder may have no changes left.
  for (const { copy, before, name, around } of visits.reverse())
    if (around && before && Object.keys(copy).length === 0) delete around[name];
  return visits.at(-1)!.copy;
}

/**
 * Copies files, links and devices. Each file is copied once. The total length is limited to the quota: only files with holes
 * can be longer together, and a program can make holes of terabytes, for which no host has memory.
 */
function copier({ volume: { quotaBytes } }: FolderNode) {
  const copies = new Map<FileNode, Uint8Array>();
  let totalBytes = 0;
  const copyFile = (file: FileNode, name: string): Uint8Array => {
    const { sizeBytes } = file;
    const tooLarge = (cause?: unknown) =>
      new WasiError(
        'WASI_TOO_LARGE',
        `file ${JSON.stringify(name)} of ${sizeBytes} bytes: expected files of at most quotaBytes, ${quotaBytes}, together to copy; ` +
          'read those with holes through root, in pieces',
        { cause },
      );
    totalBytes += sizeBytes;
    if (totalBytes > quotaBytes) throw tooLarge();
    try {
      return file.copy();
    } catch (cause) {
      throw tooLarge(cause);
    }
  };
  return (node: MemoryNode, name: string): Uint8Array | MemoryLink | MemoryDevice => {
    if (node instanceof LinkNode) return new MemoryLink(node.target);
    if (node instanceof DeviceNode) return node.device === 'null' ? nullFile : zeroFile;
    const file = node as FileNode;
    const copy = copies.get(file) ?? copyFile(file, name);
    copies.set(file, copy);
    return copy;
  };
}
