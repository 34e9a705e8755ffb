// The real gwhost with a state folder of its own, behind a small TCP proxy that can cut every connection.
// The proxy keeps its port over restarts of the gateway, as a fixed port would.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class RealGateway {
  constructor(program) {
    this.program = program;
    this.folder = mkdtempSync(join(tmpdir(), 'gatehouse-web-'));
    this.log = '';
    this.sockets = new Set();
    this.proxy = createServer((client) => this.#forward(client));
  }

  async start() {
    await new Promise((resolve) => { this.proxy.listen(0, '127.0.0.1', resolve); });
    this.url = `http://127.0.0.1:${this.proxy.address().port}/`;
    writeFileSync(join(this.folder, 'gateway.json'), JSON.stringify({
      loops: 2,
      http: [{ name: 'main', listen: { bind: '127.0.0.1', port: 0 }, allowedOrigins: [this.url.slice(0, -1)] }],
      accounts: [{ channel: 'websocket', http: 'main' }, { channel: 'sse', http: 'main' }],
      lobby: { registration: true, guests: false },
      log: { level: 'debug' },
    }), { mode: 0o600 });
    await this.run();
  }

  /** Resolves once it is ready; rejects with its log if it is not. */
  run() {
    this.process = spawn(this.program, ['--config', join(this.folder, 'gateway.json')], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((resolve) => { this.process.on('exit', resolve); });
    this.process.stderr.on('data', (data) => { this.log += data; });
    return new Promise((resolve, reject) => {
      let out = '';
      this.ended.then((code) => reject(new Error(`gwhost ended with ${code}:\n${this.log}`)));
      this.process.stdout.on('data', (data) => {
        out += data;
        const end = out.indexOf('\n');
        if (end < 0) return;
        const ready = JSON.parse(out.slice(0, end));
        this.port = Number(new URL(ready.http.find((origin) => origin.includes('127.0.0.1'))).port);
        resolve();
      });
    });
  }

  async end(signal = 'SIGTERM') {
    this.port = 0;
    this.process.kill(signal);
    return this.ended;
  }

  async restart(signal) {
    await this.end(signal);
    await this.run();
  }

  async stop() {
    await this.end();
    this.cut();
    await new Promise((resolve) => { this.proxy.close(resolve); });
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Every connection between browser and gateway dies without a word. */
  cut() { for (const socket of this.sockets) socket.resetAndDestroy(); }

  #forward(client) {
    if (!this.port) return client.destroy();
    const server = connect(this.port, '127.0.0.1');
    for (const [from, to] of [[client, server], [server, client]]) {
      this.sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      from.on('data', (data) => { if (!to.destroyed) to.write(data); });
      from.on('end', () => to.end());
    }
    return undefined;
  }
}
