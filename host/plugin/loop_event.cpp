#include "plugin/loop_event.h"

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

void LoopEvent::buildView() {
  spans_.reserve(event_->spans.size());
  for (const Span& span : event_->spans)
    spans_.push_back(gw_span{span.start, span.len, span.fg, span.bg, span.attrs, slice(span.link)});
  view_.struct_size = sizeof view_;
  view_.delivery = static_cast<uint32_t>(event_->delivery);
  view_.kind = static_cast<uint32_t>(event_->kind);
  view_.flags = event_->flags;
  view_.name = slice(event_->name);
  view_.text = slice(event_->text);
  view_.spans = spans_.data();
  view_.span_count = spans_.size();
  view_.state_version = event_->stateVersion;
  view_.host_h = this;
  viewBuilt_ = true;
}

const gw_event& LoopEvent::view() {
  if (!viewBuilt_) buildView();
  return view_;
}

gw_slice LoopEvent::payload() {
  if (payload_.empty()) payload_ = payloadJson(*event_);
  return slice(payload_);
}

const net::SharedBytes* LoopEvent::bodyFor(const StreamClass& streamClass) {
  for (const Body& body : bodies_)
    if (body.classId == streamClass.id) return body.shown ? &body.bytes : nullptr;
  Body body{streamClass.id, false, {}};
  std::string encoded;
  Instance& instance = *streamClass.instance;
  instance.counters().encodeCalls.fetch_add(1, std::memory_order_relaxed);
  const gw_status status = instance.generation().encode().encode(instance.raw(), slice(streamClass.description),
                                                                 &view(), asBuilder(encoded));
  if (status == GW_OK) {
    body.shown = true;
    body.bytes = net::SharedBytes(encoded);
  }
  bodies_.push_back(std::move(body));
  return bodies_.back().shown ? &bodies_.back().bytes : nullptr;
}

void LoopEvent::dropBodies() {
  bodies_ = {};
  payload_ = {};
  spans_ = {};  // a replay builds them again
  viewBuilt_ = false;
}

size_t LoopEvent::bytes() const {
  return sizeof(Event) + event_->text.size() + event_->dataJson.size() + event_->spans.size() * sizeof(Span);
}

}  // namespace gw::plugin
