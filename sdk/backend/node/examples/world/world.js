// The backend: hands each event to the module that knows about it.
import { Link, output } from 'gatehouse-backend';
import * as accounts from './accounts.js';
import * as characters from './characters.js';
import * as commands from './commands.js';
import * as fight from './fight.js';
import * as places from './places.js';

const ROUND = 2000; // ms

function show(tx, me) {
  places.look(tx, me);
  places.tellPosition(tx, me);
  places.tellInventory(tx, me);
  fight.tellStats(tx, me);
}

const handlers = (ask) => ({
  onStart: (tx) => [accounts, characters, places, fight].forEach((module) => module.setup(tx)),
  onReady: (tx, sessions) => console.error(`linked, ${sessions} sessions`),

  // Logins have no transaction: hashing a password waits.
  authenticate: (login) => accounts.authenticate(ask, login),
  register: (login) => accounts.register(ask, login),
  characters: (user) => ask((tx) => characters.list(tx, user)),
  createCharacter: ({ user, name }) => ask((tx) => characters.create(tx, user, name, places.START)),
  selectCharacter: (user, wanted) => ask((tx) => characters.select(tx, user, wanted)),

  onEntered: (tx, session) => {
    const me = characters.arrive(tx, session);
    if (!me) return tx.disconnect(session, 'kicked', 'This world does not know you any more.'); // another database
    tx.join(session, me.room);
    places.tellOthers(tx, me, `${me.name} wakes up.`, 'drop');
    tx.output(session, output.system(`Welcome, ${me.name}. Try help.`, 'info'));
    return show(tx, me);
  },
  onReconnected: (tx, session, cause) => {
    const me = characters.of(tx, session);
    // A gateway that crashed may have kept the session, and lost where it was.
    if (me && cause !== 'player' && !session.rooms.includes(me.room)) tx.join(session, me.room);
    if (me) fight.tellStats(tx, me);
  },
  // After a restart of ours the session may be no more than its id.
  onClosed: (tx, session) => {
    const me = characters.of(tx, session);
    if (!me) return;
    fight.end(tx, me);
    places.tellOthers(tx, me, `${me.name} falls asleep.`, 'drop');
    characters.leave(tx, me);
  },
  onCommand: (tx, session, text) => {
    const me = characters.of(tx, session);
    if (me) commands.carryOut(tx, me, text);
  },
});

// Answers the link; start() it.
export function twoRooms(options) {
  let link;
  const ask = (work) => link.transaction(work);
  link = new Link({ ...options,
    capabilities: { characters: true, registration: true, guests: false, welcome: 'Welcome to the Two Rooms.' },
    client: { id: 'two-rooms', version: '1.0' } }, handlers(ask));
  link.every(ROUND, (tx) => { if (link.isConnected) fight.tick(tx); }); // a fight that nobody can see waits
  return link;
}
