// Builds {{wasm}}, or names each missing tool: `npm run build`.
import { spawnSync } from 'node:child_process';
import { findMissing } from './tools.mjs';

const [PROGRAM, ...ARGS] = {{build}};
const ENV = {{env}};

const missing = findMissing();
for (const { name, install } of missing) console.error(`${name} is missing. To install it: ${install}`);
if (missing.length > 0) process.exit(1);

const { status, error } = spawnSync(PROGRAM, ARGS, { stdio: 'inherit', env: { ...process.env, ...ENV } });
if (error) console.error(error.message);
process.exit(status ?? 1);
