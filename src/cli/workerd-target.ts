import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { preparationOf, prepareModule } from '../module/prepare.ts';
import { hexOfSha256 } from '../module/source.ts';
import { nodePlatform } from '../platform/node.ts';

// A Worker for workerd: https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp

export interface TargetInput {
  /** The name of the network. */
  readonly name: string;
  /** The graph, and the other graphs of its workspace. */
  readonly graphs: readonly Uint8Array[];
  readonly components: readonly TargetComponent[];
  readonly limits: { readonly memoryPages: number | undefined; readonly fuel: number | undefined };
}

interface TargetComponent {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isGraph: boolean;
}

/** A file of the folder, by its relative path. */
export interface TargetFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Whether its first line has the hash of the others, which tells whether a person has changed it. */
  readonly isSigned?: boolean;
}

/** A file that the Worker imports, in the words of the configuration. */
interface WorkerModule extends TargetFile {
  readonly kind: 'esModule' | 'text' | 'wasm';
}

/** The last date whose behaviour the Worker is tested with. */
const COMPATIBILITY_DATE = '2026-10-01';
const CODE = 'plugboard';
const ENTRIES = ['actor-web.js', 'audit-web.js', 'durable-object.js'];

/** @throws {CreateError} for a module that cannot keep the limits */
export async function workerdFiles(input: TargetInput): Promise<readonly TargetFile[]> {
  const graphs = input.graphs.map((content, at) => ({
    path: `graphs/${at + 1}.json`,
    content,
    kind: 'text' as const,
  }));
  const parts = await Promise.all(
    input.components.map((component, at) => partOf(component, at + 1, input.limits)),
  );
  const worker = await signed('worker.js', '//', workerText(graphs.length, parts, input.limits));
  const modules: WorkerModule[] = [
    { ...worker, kind: 'esModule' },
    ...graphs,
    ...parts.map(({ module }) => module),
    ...(await codeFiles()),
  ];
  return [await signed('config.capnp', '#', configText(input.name, modules)), ...modules];
}

const hashOf = (text: string): Promise<string> => hexOfSha256(nodePlatform, new TextEncoder().encode(text));

async function signed(path: string, comment: string, text: string): Promise<TargetFile> {
  const line = `${comment} Written by \`plugboard build\`, which replaces it while the other lines have the SHA-256: ${await hashOf(text)}`;
  return { path, content: `${line}\n${text}`, isSigned: true };
}

/** Whether a signed file is as it was written. */
export async function isUnchanged(text: string): Promise<boolean> {
  // git may have changed the ends of lines.
  const [line = '', ...lines] = text.replaceAll('\r\n', '\n').split('\n');
  return line.endsWith(`: ${await hashOf(lines.join('\n'))}`);
}

interface Part {
  readonly name: string;
  readonly module: WorkerModule;
  /** The expression of the component, in which the module has this name. */
  readonly expression: string;
  readonly variable: string;
}

async function partOf(
  { name, bytes, isGraph }: TargetComponent,
  number: number,
  { memoryPages, fuel }: TargetInput['limits'],
): Promise<Part> {
  const variable = `component${number}`;
  const file = `components/${number}-${name.replace(/[^\w.-]/g, '_')}`;
  if (isGraph) {
    const module = { path: `${file}.json`, content: bytes, kind: 'text' as const };
    return { name, module, variable, expression: `{ graph: ${variable} }` };
  }
  const isLimited = memoryPages !== undefined || fuel !== undefined;
  const content = isLimited
    ? prepareModule(bytes, { memoryPages, fuel: fuel !== undefined, time: false })
    : bytes;
  const [fileSha256, sha256] = await Promise.all(
    [bytes, content].map(each => hexOfSha256(nodePlatform, each)),
  );
  const facts = JSON.stringify({ sha256, fileSha256, prepared: preparationOf(content) });
  return {
    name,
    module: { path: `${file}.wasm`, content, kind: 'wasm' },
    variable,
    expression: `{ source: builtModule(${variable}, ${facts}) }`,
  };
}

/** The built code of this package, and all that it imports. */
async function codeFiles(): Promise<WorkerModule[]> {
  const root = packageRoot();
  const found = new Map<string, WorkerModule>();
  const waiting = [...ENTRIES];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    const text = await readFile(new URL(`dist/lib/${file}`, root), 'utf8');
    const content = text.replace(/^\/\/# sourceMappingURL=.*$/m, '');
    found.set(file, { path: `${CODE}/${file}`, content, kind: 'esModule' });
    for (const [, imported] of content.matchAll(/\b(?:from|import)\s*\(?\s*['"]\.\/([\w.-]+\.js)['"]/g))
      if (existsSync(new URL(`dist/lib/${imported}`, root))) waiting.push(imported!);
  }
  const accessors = await readFile(new URL('dist/abi/accessors.wasm', root));
  return [...found.values(), { path: `${CODE}/accessors.wasm`, content: accessors, kind: 'wasm' }];
}

/** The folder of this package: the one of its package.json, above the folder of this file. */
function packageRoot(): URL {
  let folder = new URL('.', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder);
  return folder;
}

function workerText(graphs: number, parts: readonly Part[], limits: TargetInput['limits']): string {
  const names = Array.from({ length: graphs }, (_, at) => `graph${at + 1}`);
  const actors = [
    'accessors',
    ...(Object.values(limits).some(limit => limit !== undefined) ? ['limits'] : []),
  ];
  return `import { DurableObject } from 'cloudflare:workers';
import accessors from './${CODE}/accessors.wasm';
import { readPacket, writePacket } from './${CODE}/actor-web.js';
import { builtModule } from './${CODE}/audit-web.js';
import { durableNetwork } from './${CODE}/durable-object.js';
${names.map((name, at) => `import ${name} from './graphs/${at + 1}.json';\n`).join('')}${parts
  .map(({ variable, module }) => `import ${variable} from './${module.path}';\n`)
  .join('')}
${actors.includes('limits') ? `const limits = ${JSON.stringify(limits)};\n` : ''}const components = {
${parts.map(({ name, expression }) => `  [${JSON.stringify(name)}]: ${expression},\n`).join('')}};
const network = { components, actors: { ${actors.join(', ')} } };

export class PlugboardNetwork extends durableNetwork(DurableObject, ${names.length > 1 ? `[${names.join(', ')}]` : names[0]}, { network }) {}

${HANDLER}`;
}

/** The Worker that leads requests to objects. */
const HANDLER = `const linesOf = texts =>
  new Response(texts.map(text => text + '\\n').join(''), { headers: { 'content-type': 'application/jsonl' } });
const problem = (status, message) => Response.json({ error: message }, { status });

// POST /NAME sends a packet, and responds with the packets that it caused. With the header Idempotency-Key it keeps the packet, once
// for each key, and responds at once. GET /NAME/OUTPORT?after=NUMBER reads the packets that came so, and removes those up to NUMBER.
// GET /NAME shows states and queues.
export default {
  async fetch({ url, method, headers, body }, { NETWORK }) {
    // Else each page in a browser on this machine could send packets.
    if ((headers.get('sec-fetch-site') ?? 'none') !== 'none') return problem(403, 'requests of web pages are refused');
    const { pathname, searchParams } = new URL(url);
    let name, port, packet;
    try {
      [name, port] = pathname.slice(1).split('/').map(decodeURIComponent);
      if (method === 'POST') packet = readPacket(await new Response(body).text());
    } catch ({ message }) {
      return problem(400, message);
    }
    if (!name) return problem(404, 'expected /NAME or /NAME/OUTPORT');
    if (packet ? port !== undefined : method !== 'GET') return problem(405, 'expected POST /NAME, GET /NAME or GET /NAME/OUTPORT');
    const instance = NETWORK.get(NETWORK.idFromName(name));
    try {
      if (packet) {
        const key = headers.get('idempotency-key');
        if (key === null) return linesOf((await instance.call(packet)).packets.map(writePacket));
        await instance.accept(packet, key);
        return new Response(null, { status: 202 });
      }
      if (port === undefined) return Response.json(await instance.status());
      const items = await instance.read(port, Number(searchParams.get('after') ?? 0));
      return linesOf(items.map(([number, text]) => text.slice(0, -1) + ',"#":' + number + '}'));
    } catch ({ message }) {
      return problem(500, message);
    }
  },
};
`;

/** A name in a text of Cap'n Proto, which has no escapes for characters beyond ASCII. */
const keyOf = (name: string): string => encodeURIComponent(name);

const configText = (name: string, modules: readonly WorkerModule[]): string => `# In this folder:
#   npx workerd serve config.capnp
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "objects", disk = (path = "objects", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  compatibilityDate = "${COMPATIBILITY_DATE}",
  modules = [
${modules.map(({ path, kind }) => `    (name = "${path}", ${kind} = embed "${path}"),`).join('\n')}
  ],
  bindings = [(name = "NETWORK", durableObjectNamespace = "PlugboardNetwork")],
  # An object is known by this key and its name: a key is never changed.
  durableObjectNamespaces = [(className = "PlugboardNetwork", uniqueKey = "${keyOf(name)}", enableSql = true)],
  durableObjectStorage = (localDisk = "objects"),
);
`;
