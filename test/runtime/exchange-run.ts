import { rmSync } from 'node:fs';
import { exchange, writeRecordings } from './exchange.ts';
import { checkFailureOnWorkerd } from './failure-worker.ts';
import { installRuntimes } from './install.ts';
import { temporary } from './start.ts';

// Exchanges recordings between all runtimes and prints each pair. With --write, the recordings are committed anew.

try {
  const programs = installRuntimes();
  const { all, checks } = await exchange(programs);
  checks.push(...(await checkFailureOnWorkerd(programs.workerd)));
  for (const { name, expected, actual } of checks)
    console.log(`${name}: ${actual === expected ? 'the same' : `FAILED\n${actual}`}`);
  if (process.argv.includes('--write')) writeRecordings(all);
  process.exitCode = checks.some(({ expected, actual }) => actual !== expected) ? 1 : 0;
} finally {
  rmSync(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
