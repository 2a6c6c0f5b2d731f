import { writeJson, writePacket } from '../actor/index.ts';
import type { DeadLetter } from '../network/engine/engine.ts';
import { type NetworkReport, readNetwork } from '../network/nats/report.ts';
import { printable } from '../values/printable.ts';
import { shownUrl } from '../values/url.ts';
import { columns } from './columns.ts';
import { defineCommand } from './command.ts';
import { CliError } from './errors.ts';
import { readInputFile } from './files.ts';
import { componentFiles } from './graph-files.ts';
import { connectNats } from './nats.ts';
import { writeLines, writeStderr } from './stdio.ts';

const ACTIONS = ['status', 'dead', 'redrive', 'reload'];
/** Time for the answers of all workers. */
const MOST_RELOAD_MS = 30_000;

export const net = defineCommand({
  name: 'net',
  summary: 'look at a network on NATS, send its dead letters again, or replace a module',
  about: `status prints the workers of a network, the nodes of each, and the messages that wait at its inports. dead prints the
latest dead letters, one JSON object a line. redrive sends those that came from inports to these again, each once,
however often it is run; messages of other nodes cannot be sent again from outside, and are counted on stderr.
reload gives all workers another module of a component. If one of them cannot run it, all keep the old one.`,
  positionals: [
    { name: 'ACTION', help: ACTIONS.join(', ') },
    { name: 'URL', help: 'a server, such as nats://localhost:4222' },
    { name: 'NAME', help: 'name of the network' },
  ],
  options: {
    component: {
      value: 'NAME=FILE',
      repeatable: true,
      help: 'for reload: a component, and its new module. Workers that start later\nrun it too, in place of their own',
    },
    forget: {
      value: 'NAME',
      repeatable: true,
      help: 'for reload: let workers that start later run their own module again',
    },
  },
  examples: [
    'plugboard net status nats://localhost visits',
    'plugboard net dead nats://localhost visits',
    'plugboard net reload nats://localhost visits --component Counter=counter.wasm',
  ],
  run: async ([action = '', url = '', name = ''], { component, forget }) => {
    if (!ACTIONS.includes(action))
      throw new CliError(
        'USAGE',
        `ACTION: expected one of ${ACTIONS.join(', ')}, got ${JSON.stringify(action)}`,
      );
    const isReload = action === 'reload';
    const hasChanges = component.length + forget.length > 0;
    if (isReload && !hasChanges)
      throw new CliError('USAGE', 'reload: expected --component NAME=FILE or --forget NAME');
    if (!isReload && hasChanges)
      throw new CliError('USAGE', `${action}: takes no --component and no --forget; reload does`);
    const modules = await readModules(component);
    const connection = await connectNats(url);
    try {
      const network = await readNetwork(connection, name);
      if (!network) throw new CliError('USAGE', `${shownUrl(url)} has no network ${JSON.stringify(name)}`);
      if (action === 'status') {
        const { parts, waiting } = await network.status();
        const rows = parts.map(({ nodes, worker }): [string, string] => [
          printable(nodes.join(' ')),
          worker ?? 'no worker',
        ]);
        await writeLines([...columns(rows).split('\n'), `${waiting} messages wait at inports`]);
        return 0;
      }
      if (isReload) return await reload(network, modules, forget);
      const letters = await network.dead();
      if (action === 'dead') for (const letter of letters) await writeLines([lineOf(letter)]);
      else {
        const { sent, left } = await network.redrive(letters);
        await writeLines([`${sent} messages were sent again`]);
        for (const [problem, count] of left) writeStderr('plugboard', `${count} dead letters ${problem}`);
      }
      return 0;
    } finally {
      await connection.close();
    }
  },
});

async function readModules(
  given: readonly string[],
): Promise<[name: string, bytes: Uint8Array<ArrayBuffer>][]> {
  const files = [...componentFiles(given)];
  return Promise.all(
    files.map(
      async ([name, file]): Promise<[string, Uint8Array<ArrayBuffer>]> => [name, await readInputFile(file)],
    ),
  );
}

/** Returns the exit code. */
async function reload(
  network: NetworkReport,
  modules: readonly (readonly [name: string, bytes: Uint8Array<ArrayBuffer>])[],
  forget: readonly string[],
): Promise<number> {
  const reloading = network.reload(MOST_RELOAD_MS);
  let exitCode = 0;
  for (const [name, bytes] of modules) {
    const { isChosen, running, problems } = await reloading.run(name, bytes);
    const outcome = isChosen ? `runs in ${running.length} workers` : 'was refused, and nobody has changed';
    await writeLines([`${printable(name)} ${outcome}`]);
    for (const [worker, problem] of problems) writeStderr(`plugboard: ${worker || name}`, problem);
    if (problems.size > 0) exitCode = 1;
  }
  for (const name of forget) {
    const isThere = await reloading.forget(name);
    await writeLines([`${printable(name)} ${isThere ? 'is forgotten' : 'was not replaced'}`]);
  }
  return exitCode;
}

const lineOf = ({ node, port, code, error, packet }: DeadLetter): string =>
  `${writeJson({ node, port, code, error }).slice(0, -1)},"packet":${writePacket(packet)}}`;
