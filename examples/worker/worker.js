// A Reflow actor behind fetch, as a Cloudflare Worker: POST a packet, get the packets that the actor sends, one a line.

// Workers compile no wasm: they import it. Without the accessors the actor works too, only slower.
import accessors from 'plugboard/abi/accessors.wasm';
import {
  ProcessError,
  readPacket,
  ScriptActor,
  ScriptEnvironment,
  ScriptRuntime,
  writePacket,
} from 'plugboard/actor';
import counter from './rust_counter.wasm';

const scriptConfig = {
  environment: ScriptEnvironment.SYSTEM,
  runtime: ScriptRuntime.Extism,
  source: counter,
  entry_point: 'process',
  packages: null,
};

/** One actor for all requests; its state lives as long as this Worker does. Requests that overlap take turns. */
let starting;
const theActor = () =>
  (starting ??= ScriptActor.create(scriptConfig, { accessors, config: { initial_value: 10 } }));

export default {
  async fetch(request) {
    if (request.method !== 'POST') {
      return new Response('POST a packet, such as {"increment":{"type":"Flow","data":null}}\n', {
        status: 405,
      });
    }
    let packet;
    try {
      packet = readPacket(await request.text());
    } catch (error) {
      return refusal(400, error);
    }
    try {
      const actor = await theActor();
      return lines(200, await actor.process(packet));
    } catch (error) {
      if (error.code === 'INPUT_LIMIT') return refusal(413, error);
      if (!(error instanceof ProcessError)) throw error;
      console.error(`${error.code}: ${error.message}`);
      return lines(500, error.packets);
    }
  },
};

const refusal = (status, { code, message }) => new Response(`${code}: ${message}\n`, { status });

const lines = (status, packets) =>
  new Response(packets.map(packet => `${writePacket(packet)}\n`).join(''), {
    status,
    headers: { 'Content-Type': 'application/jsonl' },
  });
