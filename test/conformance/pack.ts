import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { bundles, zipOf } from './bundle.ts';

// Makes the packages of the cases in dist/conformance, as folders, tarballs and zips: `npm run conformance`.

const OUT = 'dist/conformance';

setTestHost(nodeHost);
rmSync(OUT, { recursive: true, force: true });
for (const { name, version, files } of bundles()) {
  const folder = join(OUT, name);
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const zip = zipOf(name, files);
  writeFileSync(join(OUT, `${name}-${version}.zip`), zip);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', '..'], { cwd: folder });
  console.log(`${name}: ${files.length} files, ${zip.length} bytes as zip`);
}
