// What a player may type. Each command is a function (tx, me, rest); one that answers false wants no prompt behind it.
import { output } from 'gatehouse-backend';
import * as characters from './characters.js';
import * as fight from './fight.js';
import * as places from './places.js';

const HELP = `look, up, down, take THING, drop THING, inventory
say TEXT, tell NAME TEXT, who
kill MONSTER, flee, score, save, quit`;
const DIRECTIONS = { up: 'up', u: 'up', down: 'down', d: 'down' };

function go(tx, me, direction) {
  const target = places.exitOf(me, direction);
  if (!target) return tx.output(me.session, 'You cannot go there.');
  if (fight.end(tx, me)) tx.output(me.session, 'You run from the fight.');
  places.tellOthers(tx, me, `${me.name} goes ${direction}.`, 'drop');
  places.move(tx, me, target);
  places.tellOthers(tx, me, `${me.name} comes in.`, 'drop');
  return places.look(tx, me);
}

function carry(tx, me, verb, item) {
  tx.output(me.session, `You ${verb} the ${item}.`);
  places.tellOthers(tx, me, `${me.name} ${verb}s the ${item}.`);
  places.tellInventory(tx, me);
}

function take(tx, me, rest) {
  const item = places.moveItem(tx, rest, me.room, me.id);
  if (item) carry(tx, me, 'take', item);
  else tx.output(me.session, `There is no ${rest || 'such thing'} here.`);
}

function drop(tx, me, rest) {
  const item = places.moveItem(tx, rest, me.id, me.room);
  if (item) carry(tx, me, 'drop', item);
  else tx.output(me.session, `You have no ${rest || 'such thing'}.`);
}

function inventory(tx, me) {
  const held = places.itemsAt(tx, me.id);
  tx.output(me.session, held.length > 0 ? `You carry: ${held.join(', ')}` : 'You carry nothing.');
}

function say(tx, me, rest) {
  if (!rest) return;
  places.tellOthers(tx, me, `${me.name} says: ${rest}`);
  tx.output(me.session, `You say: ${rest}`);
}

function tell(tx, me, rest) {
  const { word: name, rest: text } = split(rest);
  if (!text) return tx.output(me.session, 'Whom, and what?');
  const other = characters.playing(tx).find((one) => one.name.toLowerCase() === name);
  if (!other) return tx.output(me.session, `There is no ${name} here.`);
  tx.output(other.session, `${me.name} tells you: ${text}`);
  return tx.output(me.session, `You tell ${other.name}: ${text}`);
}

function who(tx, me) { tx.output(me.session, characters.playing(tx).map((one) => characters.label(tx, one)).join('\n')); }

function kill(tx, me, rest) {
  const monster = fight.begin(tx, me, rest);
  tx.output(me.session, monster ? `You attack the ${monster}.` : `There is no ${rest || 'such monster'} here.`);
}

function flee(tx, me) { tx.output(me.session, fight.end(tx, me) ? 'You step back.' : 'Nobody fights you.'); }

function score(tx, me) {
  const { hp, xp } = me;
  tx.output(me.session, output.structured('Char.Score', { hp, xp }, `${hp} hit points, ${xp} experience`));
}

function save(tx, me) { tx.output(me.session, output.system('Nothing to do: whatever you see has been saved.')); }

function quit(tx, me) {
  tx.disconnect(me.session, 'clientDisconnect', 'Goodbye.');
  return false;
}

const look = (tx, me) => places.look(tx, me);
const help = (tx, me) => tx.output(me.session, HELP);
const COMMANDS = new Map(Object.entries({ look, l: look, go, take, get: take, drop, inventory, i: inventory, say, tell, who, kill,
  attack: kill, flee, score, save, quit, help, '?': help }));

function split(text) {
  const [, word, rest] = /^\s*(\S*)\s*([^]*?)\s*$/.exec(text);
  return { word: word.toLowerCase(), rest };
}

export function carryOut(tx, me, text) {
  let { word, rest } = split(text);
  if (!rest && Object.hasOwn(DIRECTIONS, word)) [word, rest] = ['go', DIRECTIONS[word]];
  const command = COMMANDS.get(word);
  let wantsPrompt = true;
  if (command) wantsPrompt = command(tx, me, rest) !== false;
  else if (word) tx.output(me.session, `You do not know how to ${word}. Try help.`);
  if (wantsPrompt) fight.prompt(tx, me);
}
