import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../coverage', import.meta.url));

/** The value of NODE_V8_COVERAGE for a run that is measured. */
export const RAW_FOLDER: string = join(folder, 'raw');

/** Removes the coverage of earlier runs. */
export const clear = (): void => rmSync(folder, { recursive: true, force: true });
