#pragma once
// What can be seen of a connection from outside: the sum of what a move to another generation must not change.

#include <sstream>
#include <string>

#include "testing/fake_host.h"

namespace gw::testing {

/// Since the last time, and as it is now.
inline std::string seenOf(FakeConn& conn) {
  std::ostringstream out;
  out << "sent=" << conn.takeSent() << " unread=" << conn.unread() << " charged=" << conn.charged()
      << " paused=" << conn.isReadPaused();
  if (conn.closedBy()) out << " closed=" << conn.closedBy()->code << conn.closedBy()->reason;
  if (!conn.classes().empty()) {
    const RecordedClass& cls = conn.classes().back();
    out << " class=" << cls.key << '/' << cls.flags << '/' << cls.description;
  }
  for (const auto& [id, at] : conn.timers()) out << " timer" << id << '@' << at;
  out << " frames=" << conn.frames().size() << " inputs=" << conn.inputs().size()
      << " signIns=" << conn.signIns().size();
  return out.str();
}

/// What has been asked of the host from beginning to end.
inline std::string askedOf(const FakeConn& conn) {
  std::ostringstream out;
  for (const auto& hello : conn.hellos()) {
    out << "hello " << hello.token << ' ' << hello.mode << ' ' << hello.caps << ' ' << hello.width << 'x'
        << hello.height << ' ' << hello.client << '\n';
  }
  for (const auto& input : conn.inputs()) {
    out << "input " << input.token << ' ' << input.kind << ' ' << input.caps << ' ' << input.width << 'x'
        << input.height << ' ' << input.text << '\n';
  }
  for (const auto& frame : conn.frames()) out << "frame " << frame << '\n';
  for (const auto& each : conn.signIns()) {
    out << "sign-in " << each.kind << each.wantsToken << ' ' << each.account << ' ' << each.secret << '\n';
  }
  for (const auto& [epoch, seq] : conn.acks()) out << "ack " << epoch << '.' << seq << '\n';
  return out.str();
}

}  // namespace gw::testing
