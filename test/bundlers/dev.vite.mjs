// Starts the development server of Vite. With --ssr the server runs the program; else a page does, and posts its report.
import { createServer } from 'vite';
import config from './web.vite.mjs';

const isolated = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
const reports = {
  name: 'reports of the page',
  configureServer: ({ middlewares }) => {
    middlewares.use('/report', async (request, response) => {
      for await (const chunk of request) process.stdout.write(chunk);
      process.stdout.write('\n');
      response.end();
    });
  },
};
const server = await createServer({
  ...config,
  base: '/',
  configFile: false,
  logLevel: 'error',
  plugins: [...config.plugins, reports],
  server: { host: '127.0.0.1', port: 0, headers: isolated },
  ssr: { noExternal: ['plugboard'] },
});
if (process.argv[2] === '--ssr') {
  const { done } = await server.ssrLoadModule('/app.mjs');
  await done;
  await server.close();
} else {
  await server.listen();
  console.log(server.resolvedUrls.local[0]);
}
