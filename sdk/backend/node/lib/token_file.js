import fs from 'node:fs';

// The token without white space around it. Throws if others than its owner can read the file.
export function readTokenFile(path) {
  const file = fs.openSync(path, 'r');
  try {
    if ((fs.fstatSync(file).mode & 0o077) !== 0) throw new Error(`token file ${path}: others can read it; chmod 600 ${path}`);
    const token = fs.readFileSync(file, 'utf8').trim();
    if (!token) throw new Error(`token file ${path}: it is empty`);
    return token;
  } finally {
    fs.closeSync(file);
  }
}
