// The play client against the real gateway, its lobby and its store. Usage: node FILE, with the program
// in GW_GWHOST.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test as nodeTest } from 'node:test';
import { launch, lines, openTab, type, until, waitConnected, waitLine } from './browser.mjs';
import { RealGateway } from './real_gateway.mjs';
import { problemsOf } from './schema.mjs';

const test = (name, body) => nodeTest(name, { timeout: 120_000 }, body);
const PASSWORD = 'a long password';
let browser;
let gateway;
let tabs;
let frames;

before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(async () => {
  tabs = [];
  frames = [];
  gateway = new RealGateway(process.env.GW_GWHOST);
  await gateway.start();
});
afterEach(async (context) => {
  for (const page of tabs) {
    assert.deepEqual(page.complaints, [], 'the browser complained');
    await page.context().close();
  }
  await gateway.stop();
  if (!context.passed) console.error(gateway.log.split('\n').slice(-40).join('\n'));
  for (const frame of frames) assert.equal(problemsOf(JSON.parse(frame)), '');
});

async function open(transport = 'ws') {
  const page = await openTab(browser, 'about:blank');
  page.on('websocket', (socket) => {
    socket.on('framesent', (frame) => frames.push(frame.payload));
    socket.on('framereceived', (frame) => frames.push(frame.payload));
  });
  await page.goto(`${gateway.url}?transport=${transport}`);
  tabs.push(page);
  return page;
}

async function register(page, name, character) {
  await page.click('#swap');
  await page.fill('#user-name', name);
  await page.fill('#password', PASSWORD);
  await page.fill('#repeat', PASSWORD);
  await page.click('#enter');
  await page.fill('#character-name', character);
  await page.click('#create-character button');
  await page.waitForSelector('#game:not([hidden])');
  await waitConnected(page);
}

const linesWith = async (page, text) => (await lines(page)).filter((line) => line.includes(text));

for (const transport of ['ws', 'sse', 'both']) {
  test(`${transport}: registers, enters, speaks and is heard once`, async () => {
    const anna = await open(transport);
    await register(anna, 'anna', 'Anna');
    const bert = await open('ws');
    await register(bert, 'bert', 'Bert');
    await type(anna, 'good evening');
    await waitLine(bert, 'Anna says: good evening');
    await type(bert, 'and to you');
    await waitLine(anna, 'Bert says: and to you');
    assert.deepEqual(await linesWith(anna, 'good evening'), ['You say: good evening']);
    assert.deepEqual(await linesWith(bert, 'good evening'), ['Anna says: good evening']);
    assert.deepEqual(await linesWith(anna, 'and to you'), ['Bert says: and to you']);
  });

  test(`${transport}: cuts in the middle of talk lose and double nothing`, async () => {
    const anna = await open(transport);
    await register(anna, 'anna', 'Anna');
    const bert = await open('ws');
    await register(bert, 'bert', 'Bert');
    const wanted = [];
    for (let round = 0; round < 5; round += 1) {
      for (const text of [`bert ${round} a`, `bert ${round} b`]) {
        await type(bert, text);
        wanted.push(`Bert says: ${text}`);
      }
      gateway.cut();
      await type(anna, `anna ${round}`);
      await waitLine(bert, `Anna says: anna ${round}`);
    }
    await waitLine(anna, wanted.at(-1));
    assert.deepEqual(await linesWith(anna, 'Bert says'), wanted);
    assert.deepEqual(await linesWith(bert, 'Anna says'), [0, 1, 2, 3, 4].map((round) => `Anna says: anna ${round}`));
  });

  test(`${transport}: a clean restart of the gateway loses and doubles nothing`, async () => {
    const anna = await open(transport);
    await register(anna, 'anna', 'Anna');
    await type(anna, 'before');
    await waitLine(anna, 'You say: before');
    assert.equal(await gateway.end(), 0, 'a clean stop exits with 0');
    await anna.waitForSelector('#status[data-status="waiting"]');
    await type(anna, 'typed while away');
    await gateway.run();
    await waitLine(anna, 'You say: typed while away');
    assert.deepEqual(await linesWith(anna, 'You say'), ['You say: before', 'You say: typed while away']);
    assert.equal(await anna.$$eval('#log .note', (all) => all.filter((one) => /missing|could not be kept/.test(one.textContent)).length), 0);
  });
}

test('a reload of the page goes on below the last line', async () => {
  const anna = await open();
  await register(anna, 'anna', 'Anna');
  await type(anna, 'one');
  await waitLine(anna, 'You say: one');
  await anna.reload();
  await waitConnected(anna);
  await type(anna, 'two');
  await waitLine(anna, 'You say: two');
  assert.deepEqual(await linesWith(anna, 'You say'), ['You say: one', 'You say: two']);
});

test('a second login takes the session over, and the first window offers to take it back', async () => {
  const first = await open();
  await register(first, 'anna', 'Anna');
  await type(first, 'from the first');
  await waitLine(first, 'You say: from the first');
  const second = await open();
  await second.fill('#user-name', 'anna');
  await second.fill('#password', PASSWORD);
  await second.click('#enter');
  await second.click('#character-list button');
  await second.waitForSelector('#game:not([hidden])');
  await first.waitForSelector('#banner-button:has-text("Play here")');
  await type(second, 'from the second');
  await waitLine(second, 'You say: from the second');
});

test('a wrong password is refused in words', async () => {
  const page = await open();
  await page.fill('#user-name', 'nobody');
  await page.fill('#password', 'wrong password');
  await page.click('#enter');
  await page.waitForSelector('#login-error:has-text("do not go together")');
});

test('after logging out the token is worth nothing', async () => {
  const anna = await open();
  await register(anna, 'anna', 'Anna');
  const token = await anna.evaluate(() => JSON.parse(sessionStorage.getItem('gatehouse.client')).reconnectToken);
  await anna.click('#menu-button');
  await anna.click('#logout');
  await anna.waitForSelector('#credentials:visible');
  const answer = await fetch(`${gateway.url}rpc`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      type: 'req', id: '1', method: 'connect', params: { resume: { token, attempt: 'x', epoch: 1, lastSeq: 0 } },
    }),
  });
  assert.equal((await answer.json()).error.code, 'UNAUTHORIZED');
});

test('the page is served under a strict policy', async () => {
  const answer = await fetch(gateway.url);
  assert.match(answer.headers.get('content-security-policy'), /default-src 'self'/);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
  await until(async () => (await fetch(`${gateway.url}readyz`)).status === 200, '/readyz says yes');
});
