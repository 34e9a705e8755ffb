// Frames as arrays of at most 64 KiB, the largest message of the protocol.
export const MAX_MESSAGE = 64 * 1024;

// frames: JSON texts. Answers the messages, in order.
export function batch(frames, limit = MAX_MESSAGE) {
  const messages = [];
  let pending = [];
  let size = 2; // the brackets
  for (const frame of frames) {
    const bytes = Buffer.byteLength(frame);
    if (pending.length > 0 && size + bytes + 1 > limit) {
      messages.push(`[${pending.join(',')}]`);
      pending = [];
      size = 2;
    }
    size += bytes + (pending.length > 0 ? 1 : 0);
    pending.push(frame);
  }
  if (pending.length > 0) messages.push(`[${pending.join(',')}]`);
  return messages;
}
