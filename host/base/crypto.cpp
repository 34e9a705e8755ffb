#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <climits>
#include <cstdio>
#include <cstdlib>

namespace gw {
namespace {

constexpr char kUrlAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr char kStdAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void fillRandom(unsigned char* out, size_t n) {
  while (n > 0) {
    const size_t piece = n < INT_MAX ? n : INT_MAX;
    if (RAND_bytes(out, static_cast<int>(piece)) != 1) {
      // Every secret of the gateway hangs on this; going on with less is never right.
      std::fputs("gatehouse: the system's random number generator failed\n", stderr);
      std::abort();
    }
    out += piece;
    n -= piece;
  }
}

std::string encode64(std::string_view bytes, const char* alphabet) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<uint8_t>(c);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out.push_back(alphabet[(bits >> count) & 63]);
    }
  }
  if (count > 0) out.push_back(alphabet[(bits << (6 - count)) & 63]);
  return out;
}

int urlDigit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  if (c == '_') return 63;
  return -1;
}

}  // namespace

std::string randomBytes(size_t n) {
  std::string out(n, '\0');
  fillRandom(reinterpret_cast<unsigned char*>(out.data()), n);
  return out;
}

std::string randomToken(size_t n) {
  std::string out = randomBytes(n);
  for (char& c : out) c = kUrlAlphabet[static_cast<uint8_t>(c) & 63];  // 64 divides 256: no bias
  while (!out.empty() && out.front() == '-') out.front() = kUrlAlphabet[static_cast<uint8_t>(randomBytes(1)[0]) & 63];
  return out;
}

std::array<uint8_t, 32> sha256(std::string_view bytes) {
  std::array<uint8_t, 32> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

std::string sha256Hex(std::string_view bytes) {
  const auto digest = sha256(bytes);
  return hexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string base64urlEncode(std::string_view bytes) { return encode64(bytes, kUrlAlphabet); }

std::optional<std::string> base64urlDecode(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = urlDigit(c);
    if (digit < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>((bits >> count) & 0xff));
    }
  }
  // Left-over bits must be zero (RFC 4648 §3.5): otherwise one secret would have several spellings.
  if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return out;
}

std::string base64Encode(std::string_view bytes) {
  std::string out = encode64(bytes, kStdAlphabet);
  while (out.size() % 4 != 0) out.push_back('=');
  return out;
}

std::optional<std::string> base64Decode(std::string_view text) {
  if (text.size() % 4 != 0 || text.find_first_of("-_") != std::string_view::npos) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::string url(text);
  for (char& c : url) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return base64urlDecode(url);
}

std::string hexEncode(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    out.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
  return out;
}

bool constantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace gw
