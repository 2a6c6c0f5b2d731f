import { equal } from '../helpers/assert.ts';
import { Program } from '../wasi/program.ts';
import type { WithFs } from './fs.ts';

/** Tests with a program whose first preopened folder is a new, empty file system. A diagnostic fails the test. */
export const programsOn = (withFs: WithFs) => (body: (program: Program) => void) => () =>
  withFs(fs => {
    const program = new Program({ '/': fs });
    try {
      body(program);
      equal(program.guest.diagnostics, []);
    } finally {
      program.guest.wasi.close();
    }
  });
