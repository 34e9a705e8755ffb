#include "terminal_stream.h"

#include <algorithm>
#include <string>

#include "utf8_validator.h"
#include "websocket_channel.h"

namespace gw::websocket {

void TerminalStream::setClass() {
  conn().setClass(kTerminalClassKey, GW_CLASS_TEXT_ONLY | GW_CLASS_REPROMPT, kTerminalName);
}

void TerminalStream::introduce() {
  sdk::Hello hello;
  hello.caps = GW_CAP_TERMINAL | GW_CAP_UTF8;
  hello.client = kTerminalName;
  conn().hello(1, hello);
}

template <class Self, class Fields>
void TerminalStream::fields(Self& self, Fields& f) {
  f.section(1, "line", [&](auto& inner) { LineAssembler::fields(self.lines_, inner); });
  f.number(2, "messageRead", self.messageRead_, kMaxMessage);
  f.flag(3, "isAtPrompt", self.isAtPrompt_);
}

void TerminalStream::saveOwn(sdk::StateWriter& out) const { fields(*this, out); }
void TerminalStream::restoreOwn(sdk::StateReader& in) { fields(*this, in); }

FrameEvents::Verdict TerminalStream::onPayload(bool /*isText*/, std::string_view message) {
  // A state may have claimed more than there is.
  messageRead_ = std::min(messageRead_, static_cast<uint32_t>(message.size()));
  messageRead_ += static_cast<uint32_t>(lines_.feed(message.substr(messageRead_), *this));
  bool isTaken = messageRead_ == message.size();
  const bool isLineOpen = !message.empty() && message.back() != '\n' && message.back() != '\r';
  if (isTaken && isLineOpen && channel().options().isMessageLine) isTaken = lines_.feed("\n", *this) == 1;
  if (!isTaken) return Verdict::kAgain;
  messageRead_ = 0;
  channel().metrics().messages.add();
  return Verdict::kTaken;
}

bool TerminalStream::onLine(std::string_view line, bool wasCut) {
  const gw_status status = conn().submitLine(repairUtf8(line));
  if (status == GW_E_AGAIN) return false;
  isAtPrompt_ = false;  // the client's own echo ended the prompt's line
  if (wasCut) {
    channel().metrics().linesCut.add();
    sendFrame(Opcode::kBinary, "(That line was too long; its end was dropped.)\r\n");
  }
  return true;
}

gw_status TerminalStream::encode(const sdk::EventView& event, ColorLevel colors, sdk::Builder& out) {
  if (!event.isText() && !event.isPrompt()) return GW_E_UNSUPPORTED;
  if (!event.terminal().empty()) return out.append(event.terminal());
  // Without text there is only the echo flag, which this subprotocol has no word for.
  const bool isEchoOnly = event.text().empty() && event.has(GW_EVENT_ECHO_OFF | GW_EVENT_ECHO_ON);
  if (isEchoOnly || (event.isPrompt() && event.text().empty())) return GW_E_UNSUPPORTED;
  std::string body = renderTerminal(event.text(), event.spans(), colors);
  if (event.isText()) body.append("\r\n");
  return out.append(body);
}

gw_status TerminalStream::wrap(const sdk::EventView& event, uint64_t /*epoch*/, uint64_t /*seq*/, size_t bodyBytes,
                               sdk::Wrap& out) {
  const std::string_view lineBreak = isAtPrompt_ && event.terminal().empty() ? "\r\n" : "";
  isAtPrompt_ = event.isPrompt();
  char header[kMaxServerHeader];
  const size_t headerBytes = writeServerHeader(header, Opcode::kBinary, lineBreak.size() + bodyBytes);
  return out.head({header, headerBytes}) && out.head(lineBreak) ? GW_OK : GW_E_INTERNAL;
}

void TerminalStream::sayGoodbye(const gw_close_info& info) {
  const std::string_view text = sdk::view(info.text_h);
  if (text.empty()) return;
  std::string line = isAtPrompt_ ? "\r\n" : "";
  line.append(renderTerminal(text, {}, ColorLevel::kNone)).append("\r\n");
  sendFrame(Opcode::kBinary, line);
}

}  // namespace gw::websocket
