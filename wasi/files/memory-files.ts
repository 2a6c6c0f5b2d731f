import type { DeviceName } from '../devices.ts';

/** A symbolic link. Programs follow it like a link that they made themselves. */
export class MemoryLink {
  readonly target: string;
  constructor(target: string) {
    this.target = target;
  }
}

/** A character device that stores nothing: `nullFile` or `zeroFile`. */
export class MemoryDevice {
  readonly device: DeviceName;
  constructor(device: DeviceName) {
    this.device = device;
  }
}

/**
 * Reads as empty; every write to it is thrown away.
 * @example new MemoryFs({ dev: { null: nullFile } })
 */
export const nullFile: MemoryDevice = new MemoryDevice('null');

/** Reads as zeros without end; every write to it is thrown away. */
export const zeroFile: MemoryDevice = new MemoryDevice('zero');

/** A folder as an object: name → content of a file, as bytes or text, a link, a device, or another folder. */
export interface MemoryFiles {
  readonly [name: string]: Uint8Array | string | MemoryLink | MemoryDevice | MemoryFiles;
}

/** The changes in a folder: name → the present content, or null for an entry that was removed. Unchanged entries are left out. */
export interface MemoryChanges {
  readonly [name: string]: Uint8Array | MemoryLink | MemoryDevice | MemoryChanges | null;
}
