#!/usr/bin/env node
import { readFileSync } from 'node:fs';

const readVersion = (): string =>
  (JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

// Scripts ask for the version before they do anything, and the rest of the program is not loaded for it.
if (process.argv[2] === '--version') process.stdout.write(`${readVersion()}\n`);
else {
  const { main } = await import('./program.ts');
  process.exitCode = await main(process.argv.slice(2));
}
