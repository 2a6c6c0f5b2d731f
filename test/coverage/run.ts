import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installRuntimes } from '../runtime/install.ts';
import { clear, RAW_FOLDER } from './folder.ts';
import { report, reportPart } from './report.ts';

// `npm run test:coverage`: runs the suites on the newest Node and reports the lines that ran. With `--report` it reports the
// last measured run. With a filter, as test/index.ts takes, it reports the open lines of the loaded files, and no floors.

const args = process.argv.slice(2);
if (args[0] === '--report') process.exitCode = report() ? 0 : 1;
else {
  clear();
  // The oldest Node, at hand in CI, cannot suspend plugins.
  const suites = fileURLToPath(new URL('../index.js', import.meta.url));
  const env = { ...process.env, NODE_V8_COVERAGE: RAW_FOLDER };
  const { status } = spawnSync(installRuntimes().node, [suites, ...args], { stdio: 'inherit', env });
  if (args.length > 0) reportPart();
  const isAbove = args.length > 0 || report();
  process.exitCode = status === 0 && isAbove ? 0 : 1;
}
