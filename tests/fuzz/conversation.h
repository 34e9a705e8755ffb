#pragma once
// Conversation: one connection under FakeHost, and the steps that an input makes of peer and host (Op).

#include <string>
#include <string_view>
#include <vector>

#include "channel_fuzz.h"
#include "fuzz.h"

namespace gw::fuzz {

class Conversation {
 public:
  /// options: of the account, in every generation. isMoving: kMove moves it to another generation and back; else it
  /// only offers unread input again, as a move does.
  Conversation(const ChannelUnderFuzz& channel, const std::string& options, testing::FakeHost& host,
               testing::FakeConn& conn, bool isMoving);

  /// What was seen from outside after each step, and at the end all that was asked of the host.
  std::vector<std::string> run(std::string_view script);
  bool hasMoves() const { return hasMoves_; }

 private:
  void step(Input& input);
  void deliver(Op op, uint8_t choice);
  void tell(Op op, uint8_t choice);
  void setAnswers(Op op, uint8_t choice);
  void receive(std::string_view bytes);
  void move();

  const ChannelUnderFuzz& channel_;
  testing::FakeHost& host_;
  testing::FakeConn& conn_;
  const bool isMoving_;
  testing::FakeGeneration* here_;
  testing::FakeGeneration* there_;
  uint64_t seq_ = 0;
  bool hasMoves_ = false;
  bool isEof_ = false;
};

}  // namespace gw::fuzz
