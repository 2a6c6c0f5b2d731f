#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { describeError, exitCodeOf } from '../../src/cli/errors.ts';
import { ignoreClosedPipes, OutputClosed, writeStderr, writeStdout } from '../../src/cli/stdio.ts';
import { createCommand, sourcesOf } from './create.ts';

// The build bundles this file into the folder of the package.
const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function main(args: readonly string[]): Promise<number> {
  ignoreClosedPipes();
  try {
    if (args[0] === '--version') {
      await writeStdout(`${version}\n`);
      return 0;
    }
    return await createCommand(sourcesOf(import.meta.url), version).run(args);
  } catch (error) {
    if (error instanceof OutputClosed) return 0;
    writeStderr('create-plugboard', describeError(error));
    return exitCodeOf(error);
  }
}

process.exitCode = await main(process.argv.slice(2));
