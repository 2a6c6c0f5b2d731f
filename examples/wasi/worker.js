// As a Cloudflare Worker: POST a text to /?word=is&word=it, get the counts.
import module from './c_command.wasm';
import { tally } from './tally.js';

export default {
  async fetch(request) {
    const words = new URL(request.url).searchParams.getAll('word');
    const { exitCode, output } = await tally(module, words, await request.text());
    return new Response(output, { status: exitCode === 0 ? 200 : 404 });
  },
};
