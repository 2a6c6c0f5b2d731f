// What the build makes besides tsc's output. Runs after it: `npm run build`.
import { writeFileSync } from 'node:fs';
import { accessorBytes } from './dist/abi/accessors.js';

// For platforms that import wasm but compile none: import it and hand it to createPlugin as `accessors`.
writeFileSync(new URL('dist/abi/accessors.wasm', import.meta.url), accessorBytes());
