// Runs the script that was compiled beside this file: `node main.mjs EXAMPLE`.

import { readFileSync } from 'node:fs';
import { use } from './use.js';

const example = JSON.parse(readFileSync(process.argv[2], 'utf8'));
await use(process.env.RAID_URL, process.env.RAID_USER_TOKEN, example);
console.log('the TypeScript client works');
