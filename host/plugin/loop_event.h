#pragma once
// LoopEvent: a loop's handle of an event, with the bodies encoded for each class on this loop.
// Thread: one loop; the count is not atomic. "Encode once" lives here.

#include <memory>
#include <string>
#include <vector>

#include "base/intrusive_ptr.h"
#include "net/shared_bytes.h"
#include "plugin/event.h"

namespace gw::plugin {

struct StreamClass;

class LoopEvent : public LoopCounted<LoopEvent> {
 public:
  explicit LoopEvent(EventPtr event);
  ~LoopEvent();

  const Event& event() const { return *event_; }
  /// The event as it crosses the ABI; stable until dropBodies().
  const gw_event& view() { return encoded().view; }
  /// The complete gateway.v1 payload, built on first use.
  gw_slice payload();
  /// The body for a class, encoded on first use; null: the class does not show this event.
  const net::SharedBytes* bodyFor(const StreamClass& streamClass);
  /// Gives cached bodies back, where no other session will ask for them again (unicast).
  void dropBodies();
  size_t bytes() const;  // what a log entry of it counts
  /// Of all events that this loop holds, shared ones once. [loop]
  static uint64_t liveBytes();

 private:
  struct Body {
    uint32_t classId;
    bool shown;
    net::SharedBytes bytes;
  };
  /// What deliveries need and a log entry does not.
  struct Encoded {
    gw_event view{};
    std::vector<gw_span> spans;
    std::string payload;
    std::vector<Body> bodies;
  };
  Encoded& encoded() { return encoded_ ? *encoded_ : encode(); }
  Encoded& encode();

  EventPtr event_;
  std::unique_ptr<Encoded> encoded_;
};

using LoopEventPtr = IntrusivePtr<LoopEvent>;

inline LoopEventPtr makeLoopEvent(EventPtr event) { return LoopEventPtr(new LoopEvent(std::move(event))); }
LoopEventPtr makeLoopEvent(Event event);

}  // namespace gw::plugin
