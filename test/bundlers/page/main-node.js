import { main } from './app.js';

main().then(result => console.log(JSON.stringify(result)));
