// `npm run build`: the output of tsc, which the suites run, and the files that are made of it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeCreatePackage } from './create-plugboard/package.mjs';
import { writePackage } from './package.mjs';

const root = fileURLToPath(new URL('.', import.meta.url));
const dist = `${root}dist/`;

/** All that a build reads, with size and time: `npm run demo` after `npm test` need not build again. */
function describeSources() {
  const folders = ['abi', 'create-plugboard', 'examples', 'fixtures/vowels', 'sdk', 'src', 'test', 'wasi'];
  const files = [
    ...readdirSync(root).filter(name => /\.(json|mjs)$/.test(name)),
    ...folders.filter(folder => existsSync(root + folder)).flatMap(folder => listFiles(folder)),
  ];
  const line = file => {
    const { size, mtimeMs } = statSync(root + file);
    return `${file} ${size} ${mtimeMs}\n`;
  };
  return files.map(line).join('');
}
function listFiles(folder) {
  const entries = readdirSync(root + folder, { withFileTypes: true });
  const isSource = ({ name }) => !['node_modules', 'target', 'results'].includes(name);
  return entries.filter(isSource).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listFiles(path);
    return entry.isFile() ? [path] : [];
  });
}

const stamp = `${dist}sources.txt`;
const sources = describeSources();
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) process.exit(0);
rmSync(stamp, { force: true });
const tsc = `${root}node_modules/typescript/bin/tsc`;
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);
const { accessorBytes } = await import('./dist/abi/accessors.js');

// For platforms that import wasm but compile none: import it and hand it to createPlugin as `accessors`.
writeFileSync(`${dist}abi/accessors.wasm`, accessorBytes());

/** Makes one file of a file and all that it imports, in its place. */
const bundleInPlace = (file, options) =>
  build({
    entryPoints: [file],
    outfile: dist + file,
    allowOverwrite: true,
    absWorkingDir: dist,
    sourcemap: true,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
    // Else the place of `node_modules` shows in the bundles.
    preserveSymlinks: true,
    ...options,
  });

// The package depends on none: msgpackr goes into the one file that imports it, with its licence.
const licence = readFileSync(`${root}node_modules/msgpackr/LICENSE`, 'utf8').trim();
await bundleInPlace('src/msgpack/msgpackr.js', {
  platform: 'neutral',
  banner: { js: `/*\nmsgpackr\n\n${licence}\n*/` },
});

// Workers of browsers load one file. Workers of Node, Deno and Bun get theirs as text, which bundlers need not find.
await bundleInPlace('src/platform/worker-web.js', { platform: 'browser' });
await bundleInPlace('src/platform/worker-node.js', { platform: 'node', format: 'iife' });
const [code] = readFileSync(`${dist}src/platform/worker-node.js`, 'utf8').split('//# sourceMappingURL');
const text = `${code}//# sourceURL=plugboard/worker-node.js\n`.replace(/[\\`]|\$\{/g, '\\$&');
rmSync(`${dist}src/platform/node-worker-code.js.map`, { force: true });
writeFileSync(`${dist}src/platform/node-worker-code.js`, `export const workerCode = \`${text}\`;\n`);

// The code of child isolates of Workers, which plugboard/worker-loader hands to the loader as text.
const { outputFiles: child } = await build({
  entryPoints: [`${dist}src/worker-loader/child.js`],
  bundle: true,
  write: false,
  minify: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  define: { 'import.meta.url': 'undefined' },
  logLevel: 'warning',
});
rmSync(`${dist}src/worker-loader/child-code.js.map`, { force: true });
writeFileSync(
  `${dist}src/worker-loader/child-code.js`,
  [
    `export const childCode = ${JSON.stringify(child[0].text.trim())};`,
    `export const childSha256 = '${createHash('sha256').update(child[0].text.trim()).digest('hex')}';`,
    '',
  ].join('\n'),
);

// The page of a network, in two forms, each of one file: it shows a network that `plugboard run --page` runs, or runs one itself. Its
// policy allows this script and this style, and no others. The page that runs a network may send nothing anywhere.
const source = path => readFileSync(`${root}src/page/${path}`, 'utf8').trim();
const network = { frame: source('page.html'), style: `${source('base.css')}\n${source('page.css')}` };
const hashOf = text => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
async function makePage(entry, { frame, style, example = '' }, connect, more = '') {
  const { outputFiles } = await build({
    entryPoints: [`${dist}src/page/${entry}.js`],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
    platform: 'browser',
    define: { 'import.meta.url': 'undefined' },
    logLevel: 'warning',
  });
  const script = outputFiles[0].text.trim();
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}${more}`,
    `style-src ${hashOf(style)}`,
    `connect-src ${connect}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const parts = { script, style, example };
  const html = frame.replace(/\/\* (script|style|example) \*\//g, (_, name) => parts[name]);
  return { html: `${html}\n`, policy };
}
/** The page as a file, which has its policy inside. Nothing that it runs sends anything. */
async function makeFile(entry, parts) {
  const { html, policy } = await makePage(entry, parts, "'none'", " 'wasm-unsafe-eval'");
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  return html.replace('<!-- policy -->', () => meta);
}
const served = await makePage('served', network, "'self'");
const pageText = {
  html: served.html.replace('<!-- policy -->\n', ''),
  policy: `${served.policy}; frame-ancestors 'none'`,
};
rmSync(`${dist}src/page/page-text.js.map`, { force: true });
writeFileSync(`${dist}src/page/page-text.js`, `export const pageText = ${JSON.stringify(pageText)};\n`);
await writePackage(root);
writeFileSync(`${dist}lib/page.html`, await makeFile('standalone', network));
// The page in which a person tries one plugin.
const plugin = {
  frame: source('plugin/plugin.html'),
  style: `${source('base.css')}\n${source('plugin/plugin.css')}`,
  example: readFileSync(`${root}fixtures/vowels/vowels.wasm`, 'base64'),
};
writeFileSync(`${dist}lib/plugin-page.html`, await makeFile('plugin/main', plugin));
await writeCreatePackage(root);
writeFileSync(stamp, sources);
