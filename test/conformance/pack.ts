import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCaseFile } from '../helpers/cases.ts';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { packedFolders, zipOf } from './bundle.ts';

// Makes the packages of the cases in dist/conformance, as folders, tarballs and zips: `npm run conformance`.

const OUT = 'dist/conformance';
const VERSION = '2.0.0';
const COMMON = ['cases.schema.json'];
const FIRST = ['expectations', 'adapters'];

const BUNDLES = [
  { name: 'plugboard-conformance', folders: packedFolders('first'), more: FIRST },
  { name: 'plugboard-conformance-go', folders: packedFolders('go'), more: [] },
];

const textOf = (json: unknown) => `${JSON.stringify(json, null, 2)}\n`;

setTestHost(nodeHost);
rmSync(OUT, { recursive: true, force: true });
for (const { name, folders, more } of BUNDLES) {
  const to = join(OUT, name);
  mkdirSync(to, { recursive: true });
  for (const path of [...folders, ...more, ...COMMON])
    cpSync(join('fixtures', path), join(to, path), { recursive: true });
  for (const folder of folders) writeFileSync(join(to, folder, 'cases.json'), textOf(readCaseFile(folder)));
  cpSync('fixtures/conformance/README.md', join(to, 'README.md'));
  cpSync('fixtures/conformance/LICENSE', join(to, 'LICENSE'));
  cpSync('fixtures/conformance/retired.json', join(to, 'retired.json'));
  writeFileSync(join(to, 'index.json'), textOf(folders));
  writeFileSync(
    join(to, 'package.json'),
    textOf({
      name,
      version: VERSION,
      description: 'Conformance cases for hosts of Extism plugins and Reflow actors.',
      license: 'MIT-0',
    }),
  );
  const files = readdirSync(to, { recursive: true, encoding: 'utf8' })
    .filter(path => statSync(join(to, path)).isFile())
    .sort();
  const zip = zipOf(files.map(path => [`${name}/${path}`, readFileSync(join(to, path))]));
  writeFileSync(join(OUT, `${name}-${VERSION}.zip`), zip);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', '..'], { cwd: to });
  console.log(`${name}: ${folders.length} folders, ${files.length} files, ${zip.length} bytes as zip`);
}
