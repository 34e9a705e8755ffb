// What is stored or sent as JSON that the gateway takes: it closes the link for anything else, and would do so again
// for ever, because what is in the outbox comes again.
const MAX_DEPTH = 64; // of a message (docs/protocol/backend-link.md#frames)
export const AROUND_FRAME = 1; // the array of a batch
export const AROUND_PAYLOAD = 2; // and the frame

// around: how many levels the message has outside of this. Throws RangeError if both are too many.
export function jsonText(value, around) {
  const text = withoutLoneSurrogates(JSON.stringify(value));
  if (isDeeperThan(text, MAX_DEPTH - around)) throw new RangeError(`JSON deeper than ${MAX_DEPTH - around} levels`);
  return text;
}

// stringify writes pairs as they are, and what has lost its other half (a text cut in between) as an escape. Escape by
// escape, because the one before ud83d may be that of a backslash.
function withoutLoneSurrogates(text) {
  if (!text.includes('\\ud')) return text;
  return text.replace(/\\(ud[89a-f][0-9a-f]{2}|.)/g, (found) => (found.length > 2 ? '\ufffd' : found));
}

function isDeeperThan(text, levels) {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; ++i) {
    const c = text[i];
    if (isInString) {
      if (c === '\\') ++i;
      else if (c === '"') isInString = false;
    } else if (c === '"') {
      isInString = true;
    } else if (c === '[' || c === '{') {
      if (++depth > levels) return true;
    } else if (c === ']' || c === '}') {
      --depth;
    }
  }
  return false;
}
