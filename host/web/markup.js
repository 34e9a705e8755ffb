// Spans → runs of text with one look each. Pure: no DOM, no state.

export const ATTRS = { bold: 1, italic: 2, underline: 4, inverse: 8, strike: 16 };

/** Byte offsets into the UTF-8 of `text` → offsets into the string. Ascending input, one pass. */
function toStringOffsets(text, byteOffsets) {
  const result = [];
  let bytes = 0;
  let at = 0;
  for (const wanted of byteOffsets) {
    while (bytes < wanted && at < text.length) {
      const code = text.codePointAt(at);
      bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      at += code < 0x10000 ? 1 : 2;
    }
    result.push(at);
  }
  return result;
}

/** [{text, fg, bg, attrs, link}] that together are exactly `text`. Spans are sorted, not overlapping. */
export function runsOf(text, spans = []) {
  const good = spans.filter((span) => span.len > 0 && span.start >= 0);
  const ends = toStringOffsets(text, good.flatMap((span) => [span.start, span.start + span.len]));
  const runs = [];
  let at = 0;
  good.forEach((span, index) => {
    const from = Math.max(at, ends[2 * index]);
    const to = Math.max(from, ends[2 * index + 1]);
    if (from > at) runs.push({ text: text.slice(at, from) });
    if (to > from) {
      runs.push({
        text: text.slice(from, to), fg: span.fg ?? 0, bg: span.bg ?? 0, attrs: span.attrs ?? 0, link: span.link ?? '',
      });
    }
    at = to;
  });
  if (at < text.length) runs.push({ text: text.slice(at) });
  return runs;
}

const PALETTE = 0x01000000;
const RGB = 0x02000000;

/** null: the default; {index: 0..15}: the theme's own; {rgb: [r, g, b]}. */
export function colorOf(value) {
  if ((value & 0xff000000) === RGB) return { rgb: [(value >> 16) & 255, (value >> 8) & 255, value & 255] };
  if ((value & 0xff000000) !== PALETTE) return null;
  const index = value & 255;
  if (index < 16) return { index };
  if (index >= 232) return { rgb: Array(3).fill(8 + (index - 232) * 10) };
  const cube = [0, 95, 135, 175, 215, 255];
  const n = index - 16;
  return { rgb: [cube[Math.floor(n / 36)], cube[Math.floor(n / 6) % 6], cube[n % 6]] };
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** The colour, moved towards black or white until it can be read on `ground` (WCAG AA, 4.5 : 1). */
export function legible(rgb, ground) {
  const target = luminance(ground) > 0.3 ? 0 : 255;
  for (let share = 0; share < 1; share += 0.1) {
    const mixed = rgb.map((part) => Math.round(part + (target - part) * share));
    if (contrast(mixed, ground) >= 4.5) return mixed;
  }
  return [target, target, target];
}
