// node index.js --url URL --token-file FILE --db FILE [--name NAME]: the Two Rooms.
import { parseArgs } from 'node:util';
import { twoRooms } from './world.js';

const USAGE = `usage: index.js --token-file FILE [--url ws://127.0.0.1:18780] [--db world.db] [--name world]
  --url         the gateway: ws://host:port or unix:/path
  --token-file  holds what gwctl backend token create printed
  --db          accounts, world and link, in one file
  --name        the backend's name, as the token has it`;

function flags() {
  try {
    const { values } = parseArgs({ options: {
      url: { type: 'string', default: 'ws://127.0.0.1:18780' },
      'token-file': { type: 'string' },
      db: { type: 'string', default: 'world.db' },
      name: { type: 'string', default: 'world' },
    } });
    if (!values['token-file']) throw new Error('--token-file is missing');
    return values;
  } catch (error) {
    console.error(`error: ${error.message}\n${USAGE}`);
    return process.exit(2);
  }
}

function open({ url, 'token-file': tokenFile, db, name }) {
  try {
    return twoRooms({ url, tokenFile, db, name });
  } catch (error) {
    console.error(`error: ${db}: ${error.message}`);
    return process.exit(1);
  }
}

const link = open(flags());

async function end() {
  await link.stop();
  process.exit(0);
}
process.once('SIGTERM', end);
process.once('SIGINT', end);
link.start();
