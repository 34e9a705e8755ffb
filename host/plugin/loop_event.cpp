#include "plugin/loop_event.h"

#include "plugin/callback_guard.h"
#include "plugin/host_api.h"
#include "plugin/stream_class.h"

namespace gw::plugin {
namespace {

gw_slice slice(std::string_view text) { return gw_slice{text.data(), text.size()}; }

}  // namespace

LoopEventPtr makeLoopEvent(Event event) { return makeLoopEvent(std::make_shared<const Event>(std::move(event))); }

namespace {
thread_local uint64_t liveBytesHere = 0;
}

LoopEvent::LoopEvent(EventPtr event) : event_(std::move(event)) { liveBytesHere += bytes(); }
LoopEvent::~LoopEvent() { liveBytesHere -= bytes(); }
uint64_t LoopEvent::liveBytes() { return liveBytesHere; }

LoopEvent::Encoded& LoopEvent::encode() {
  encoded_ = std::make_unique<Encoded>();
  encoded_->spans.reserve(event_->spans.size());
  for (const Span& span : event_->spans)
    encoded_->spans.push_back(gw_span{span.start, span.len, span.fg, span.bg, span.attrs, slice(event_->linkOf(span))});
  gw_event& view = encoded_->view;
  view.struct_size = sizeof view;
  view.delivery = static_cast<uint32_t>(event_->delivery);
  view.kind = static_cast<uint32_t>(event_->kind);
  view.flags = event_->flags;
  view.name = slice(event_->name);
  view.text = slice(event_->text);
  view.spans = encoded_->spans.data();
  view.span_count = encoded_->spans.size();
  view.state_version = event_->stateVersion;
  view.host_h = this;
  view.terminal = slice(event_->terminal);
  return *encoded_;
}

gw_slice LoopEvent::payload() {
  std::string& payload = encoded().payload;
  if (payload.empty()) payload = payloadJson(*event_);
  return slice(payload);
}

const net::SharedBytes* LoopEvent::bodyFor(const StreamClass& streamClass) {
  std::vector<Body>& bodies = encoded().bodies;
  for (const Body& body : bodies)
    if (body.classId == streamClass.id) return body.shown ? &body.bytes : nullptr;
  Body body{streamClass.id, false, {}};
  std::string text;
  Instance& instance = *streamClass.instance;
  instance.totals().encodeCalls.fetch_add(1, std::memory_order_relaxed);
  gw_status status;
  {
    CallbackGuard guard(instance, "encode");
    status =
        instance.generation().encode().encode(instance.raw(), slice(streamClass.description), &view(), asBuilder(text));
  }
  if (status == GW_OK) {
    body.shown = true;
    body.bytes = net::SharedBytes(text);
  }
  bodies.push_back(std::move(body));
  return bodies.back().shown ? &bodies.back().bytes : nullptr;
}

void LoopEvent::dropBodies() { encoded_.reset(); }

size_t LoopEvent::bytes() const { return sizeOf(*event_); }

}  // namespace gw::plugin
