// A plugin that sends requests to allowed hosts.
const { createServer } = await import('node:http');
const server = createServer((request, response) => {
  let body = '';
  request.on('data', text => {
    body += text;
  });
  request.on('end', () => {
    response.writeHead(request.url === '/missing' ? 404 : 200, {
      'x-token': request.headers['x-token'] ?? 'none',
    });
    response.end(`${request.method} ${request.url} ${body}`);
  });
});
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const plugin = await createPlugin('fixtures/rust-http/rust_http.wasm', {
  useWasi: true,
  runInWorker: true,
  allowedHosts: ['127.0.0.1'],
  allowHttpResponseHeaders: true,
});

let out = await plugin.call('get', `${origin}/there`);
console.log(out.text()); // GET /there

const request = {
  url: `${origin}/missing`,
  method: 'POST',
  headers: { 'x-token': 'secret' },
  body: 'a text',
};
out = (await plugin.call('send', JSON.stringify(request))).json();
console.log(out.status, out.headers['x-token'], out.body); // 404 secret POST /missing a text

await plugin.close();
server.close();
