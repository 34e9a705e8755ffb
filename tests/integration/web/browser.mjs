// A headless Chromium and what every test does with the page. Waits are conditions with a deadline.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const CANDIDATES = [process.env.GW_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export async function launch() {
  const executablePath = CANDIDATES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('Chromium is missing: apt-get install chromium');
  const browser = await chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  // Its first page starts half a dozen processes: that is not what the first test's deadlines are for.
  await (await browser.newPage()).close();
  return browser;
}

/** A tab; collects whatever the browser complains about (CSP, exceptions). */
export async function openTab(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 720 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) page.complaints.push(message.text());
  });
  await page.goto(url);
  return page;
}

export async function logIn(page, name = 'anna', password = 'correct horse', character = 'Aldis') {
  await page.fill('#user-name', name);
  await page.fill('#password', password);
  await page.click('#enter');
  await page.click(`#character-list button:has-text("${character}")`);
  await page.waitForSelector('#game:not([hidden])');
  await waitConnected(page);
}

export const waitConnected = (page) => page.waitForSelector('#status[data-status="open"]');

/** The game's own lines, oldest first, without what this player typed and without notes. */
export const lines = (page) => page.$$eval('#log .line.text', (all) => all.map((one) => one.textContent));

export async function type(page, text) {
  await page.fill('#command', text);
  await page.press('#command', 'Enter');
}

// Not page.waitForFunction: it evaluates text in the page, which the page's own CSP forbids.
export const waitLine = (page, text) =>
  page.locator('#log .line', { hasText: text }).first().waitFor({ state: 'attached' });

/** Polls a condition of this process. */
export async function until(condition, what, deadlineMs = 10_000) {
  const end = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms in vain until ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}
