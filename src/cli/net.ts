import { writeJson, writePacket } from '../actor/index.ts';
import type { DeadLetter } from '../network/engine/engine.ts';
import { readNetwork } from '../network/nats/report.ts';
import { printable } from '../values/printable.ts';
import { columns } from './columns.ts';
import { defineCommand } from './command.ts';
import { CliError } from './errors.ts';
import { connectNats } from './nats.ts';
import { writeLines, writeStderr } from './stdio.ts';

const ACTIONS = ['status', 'dead', 'redrive'];

export const net = defineCommand({
  name: 'net',
  summary: 'look at a network on NATS, or send its dead letters again',
  about: `status prints the workers of a network, the nodes of each, and the messages that wait at its inports. dead prints the
latest dead letters, one JSON object a line. redrive sends those that came from inports to these again, each once,
however often it is run; messages of other nodes cannot be sent again from outside, and are counted on stderr.`,
  positionals: [
    { name: 'ACTION', help: ACTIONS.join(', ') },
    { name: 'URL', help: 'a server, such as nats://localhost:4222' },
    { name: 'NAME', help: 'name of the network' },
  ],
  options: {},
  examples: ['plugboard net status nats://localhost visits', 'plugboard net dead nats://localhost visits'],
  run: async ([action = '', url = '', name = '']) => {
    if (!ACTIONS.includes(action))
      throw new CliError(
        'USAGE',
        `ACTION: expected one of ${ACTIONS.join(', ')}, got ${JSON.stringify(action)}`,
      );
    const connection = await connectNats(url);
    try {
      const network = await readNetwork(connection, name);
      if (!network) throw new CliError('USAGE', `${url} has no network ${JSON.stringify(name)}`);
      if (action === 'status') {
        const { parts, waiting } = await network.status();
        const rows = parts.map(({ nodes, worker }): [string, string] => [
          printable(nodes.join(' ')),
          worker ?? 'no worker',
        ]);
        await writeLines([...columns(rows).split('\n'), `${waiting} messages wait at inports`]);
        return 0;
      }
      const letters = await network.dead();
      if (action === 'dead') for (const letter of letters) await writeLines([lineOf(letter)]);
      else {
        const { sent, left } = await network.redrive(letters);
        await writeLines([`${sent} messages were sent again`]);
        if (left > 0) writeStderr('plugboard', `${left} dead letters did not come from inports`);
      }
      return 0;
    } finally {
      await connection.close();
    }
  },
});

const lineOf = ({ node, port, code, error, packet }: DeadLetter): string =>
  `${writeJson({ node, port, code, error }).slice(0, -1)},"packet":${writePacket(packet)}}`;
