import { plugboard } from 'plugboard/vite';

const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
export default {
  base: './',
  logLevel: 'error',
  plugins: [plugboard()],
  build: { outDir: 'vite', target: 'es2022' },
  server: { host: '127.0.0.1', headers },
};
