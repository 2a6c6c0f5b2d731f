import type { DeviceName } from './devices.ts';

/** A symbolic link, which programs follow as they follow those that they make. */
export class MemoryLink {
  readonly target: string;
  constructor(target: string) {
    this.target = target;
  }
}

/** A character device that keeps nothing: `nullFile` or `zeroFile`. */
export class MemoryDevice {
  readonly device: DeviceName;
  constructor(device: DeviceName) {
    this.device = device;
  }
}

/**
 * Reads as empty; what is written to it is thrown away.
 * @example new MemoryFs({ dev: { null: nullFile } })
 */
export const nullFile: MemoryDevice = new MemoryDevice('null');

/** Reads as zeros without end; what is written to it is thrown away. */
export const zeroFile: MemoryDevice = new MemoryDevice('zero');

/** A folder as an object: name → content of a file, as bytes or text, a link, a device, or another folder. */
export interface MemoryFiles {
  readonly [name: string]: Uint8Array | string | MemoryLink | MemoryDevice | MemoryFiles;
}

/** What has become of a folder: name → what is there now, or null for what is there no more. What is as it was is left out. */
export interface MemoryChanges {
  readonly [name: string]: Uint8Array | MemoryLink | MemoryDevice | MemoryChanges | null;
}
