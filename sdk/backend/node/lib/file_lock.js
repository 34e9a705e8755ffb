// One process per database: two with one outbox would send each frame twice. Node has no flock; SQLite has a lock that
// ends with its process, on a file of its own, so that others may still read the database.
import fs from 'node:fs';
import Database from 'better-sqlite3';

export class FileLock {
  #lock;

  constructor(file) {
    const lockFile = `${file}.lock`;
    try {
      this.#lock = new Database(lockFile, { timeout: 0 });
      fs.chmodSync(lockFile, 0o600);
      this.#lock.pragma('journal_mode = MEMORY'); // no file that a kill leaves behind
      this.#lock.pragma('locking_mode = EXCLUSIVE');
      this.#lock.exec('BEGIN EXCLUSIVE'); // never committed: the file stays empty, which no kill can damage
    } catch (error) {
      this.#lock?.close();
      if (error.code?.startsWith('SQLITE_BUSY')) throw new Error(`db ${file}: another process uses it`);
      throw new Error(`db ${file}: cannot lock ${lockFile}: ${error.message}`);
    }
  }

  release() { this.#lock.close(); }
}
