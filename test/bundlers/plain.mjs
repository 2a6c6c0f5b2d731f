// Bundled by tools that find no file below the package.
import { main } from './steps.mjs';

export const done = main();
