import { main } from './app.js';

const result = await main();
document.body.textContent = result.join(' ');
await fetch('/report', { method: 'POST', body: JSON.stringify(result) });
