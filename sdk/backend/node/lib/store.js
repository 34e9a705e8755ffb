// The SQLite database: instance, per session the last command carried out and the count of our frames, and the
// frames that the gateway has not stored yet. The author's tables are beside them.
//
// better-sqlite3, because its calls return when the work is done: a transaction is then a stretch of code into which
// nothing else can come.
import crypto from 'node:crypto';
import fs from 'node:fs';
import Database from 'better-sqlite3';
import { FileLock } from './file_lock.js';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS gw_instance(name TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS gw_session(session TEXT PRIMARY KEY, seq INTEGER NOT NULL, n INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS gw_frame(session TEXT NOT NULL, n INTEGER NOT NULL, event TEXT NOT NULL,
    payload TEXT NOT NULL, place INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(session, n)) WITHOUT ROWID;
`;
// place: the order in which frames were made, over all sessions; n counts those of each by themselves, and may change.
const ADD_PLACE = 'ALTER TABLE gw_frame ADD COLUMN place INTEGER NOT NULL DEFAULT 0';

export class Store {
  #lock;

  // Throws if another process uses the file.
  constructor(file, durability = 'full') {
    const isFile = file !== ':memory:';
    if (isFile) this.#lock = new FileLock(file);
    try {
      this.#open(file, durability);
      if (isFile) fs.chmodSync(file, 0o600);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #open(file, durability) {
    this.db = new Database(file);
    this.db.pragma('busy_timeout = 5000');
    this.db.pragma('journal_mode = WAL');
    this.db.pragma(`synchronous = ${durability === 'normal' ? 'NORMAL' : 'FULL'}`);
    this.db.exec(SCHEMA);
    if (!this.db.pragma('table_info(gw_frame)').some(({ name }) => name === 'place')) this.db.exec(ADD_PLACE);
    this.instance = this.#readInstance();
    const prepare = (sql) => this.db.prepare(sql);
    this.sql = {
      begin: prepare('BEGIN IMMEDIATE'), commit: prepare('COMMIT'), rollback: prepare('ROLLBACK'),
      mark: prepare('SAVEPOINT gw_call'), keep: prepare('RELEASE gw_call'), undo: prepare('ROLLBACK TO gw_call'),
      save: prepare('INSERT OR REPLACE INTO gw_session VALUES(?, ?, ?)'),
      add: prepare('INSERT INTO gw_frame(session, n, event, payload, place) VALUES(?, ?, ?, ?, ?)'),
      trim: prepare('DELETE FROM gw_frame WHERE session = ? AND n <= ?'),
      from: prepare('SELECT n, event, payload FROM gw_frame WHERE session = ? AND n >= ? ORDER BY n'),
      // Frames of an older table have no place: who enters a room comes before what is said there.
      all: prepare('SELECT session, n, event, payload FROM gw_frame ORDER BY place, session DESC, n'),
      first: prepare('SELECT min(n) AS n FROM gw_frame WHERE session = ?').pluck(),
      // Both ways past the numbers that are taken: SQLite checks the key row by row.
      away: prepare('UPDATE gw_frame SET n = -n WHERE session = ?'),
      back: prepare('UPDATE gw_frame SET n = -n + ? WHERE session = ?'),
      forgetSession: prepare('DELETE FROM gw_session WHERE session = ?'),
      forgetFrames: prepare('DELETE FROM gw_frame WHERE session = ?'),
    };
    // How many rows gw_frame has: counting them takes the longer the more there are. It moves with each that comes or
    // goes, and that happens outside of an author's savepoint: taking one back leaves it right.
    this.outboxSize = this.db.prepare('SELECT count(*) FROM gw_frame').pluck().get();
    this.lastPlace = this.db.prepare('SELECT coalesce(max(place), 0) FROM gw_frame').pluck().get();
  }

  #readInstance() {
    const found = this.db.prepare('SELECT name FROM gw_instance').pluck().get();
    if (found) return found;
    const name = crypto.randomBytes(16).toString('hex');
    this.db.prepare('INSERT INTO gw_instance VALUES(?)').run(name);
    return name;
  }

  sessions() { return this.db.prepare('SELECT session, seq, n FROM gw_session').all(); }
  save(account) { this.sql.save.run(account.id, account.seq, account.n); }
  add(account, event, payload) {
    this.outboxSize += this.sql.add.run(account.id, account.n, event, payload, ++this.lastPlace).changes;
  }
  trim(id, n) { this.outboxSize -= this.sql.trim.run(id, n).changes; }
  framesFrom(id, n) { return this.sql.from.all(id, n); }
  // Of all sessions, oldest first.
  frames() { return this.sql.all.all(); }
  firstOf(account) { return this.sql.first.get(account.id) ?? account.n + 1; }
  shift(id, by) {
    this.sql.away.run(id);
    this.sql.back.run(by, id);
  }
  forget(id) {
    this.outboxSize -= this.sql.forgetFrames.run(id).changes;
    this.sql.forgetSession.run(id);
  }
  close() {
    this.db?.close();
    this.#lock?.release();
  }
}
