import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Platform } from './types.ts';
import { webPlatform } from './web.ts';

/** Node, Deno and Bun: web standards and files. */
export const nodePlatform: Platform = {
  ...webPlatform,
  readFile: async path =>
    new Uint8Array(await readFile(path.startsWith('file://') ? fileURLToPath(path) : path)),
};
