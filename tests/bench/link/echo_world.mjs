// A backend that says every line again: what the Node library costs. For scripts/bench.sh link.
import { parseArgs } from 'node:util';
import { Link } from '../../../sdk/backend/node/index.js';

const { values: flags } = parseArgs({ options: {
  url: { type: 'string' }, 'token-file': { type: 'string' }, db: { type: 'string' },
} });
let guests = 0;
const link = new Link({ url: flags.url, tokenFile: flags['token-file'], db: flags.db, name: 'world', durability: 'normal',
  capabilities: { characters: false, guests: true } }, {
  onReady: () => console.log(JSON.stringify({ event: 'ready' })),
  authenticate: ({ username }) => ({ id: `u-${username}`, name: username }),
  guest: () => ({ id: `g-${++guests}`, name: `Guest${guests}` }),
  onCommand: (tx, session, text) => tx.output(session, text),
});
process.once('SIGTERM', async () => {
  await link.stop();
  process.exit(0);
});
link.start();
