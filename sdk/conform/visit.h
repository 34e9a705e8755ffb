#pragma once
// Visit: one client that says what a conversation tells, on a FakeHost. How its bytes are cut, and what happens before
// each piece, is the caller's to choose; what the host answers comes at the end of a step, whatever the cut, so that
// runs can be compared.

#include <functional>
#include <memory>

#include "conform/conversation.h"
#include "conform/transcript.h"

namespace gw::conform {

class Visit {
 public:
  enum class Cut { kWhole, kBytes, kAt };
  /// Before a piece of input, and before every other step. place: how many there were before.
  using Before = std::function<void(Visit&, size_t place)>;
  struct Manner {
    Cut cut = Cut::kWhole;
    size_t at = 0;                // kAt: of all the client's bytes
    Before before = {};           // may be empty
    Before afterStep = {};        // before the host answers; may be empty
    bool isSlicedInTime = false;  // waits pass in pieces
  };

  enum class Opening { kAnswered, kUnanswered };

  /// Opens: with a request if the conversation has one. Ask isOpen(). kUnanswered: what the stream asks of the host at
  /// its beginning is not answered yet.
  Visit(testing::FakeHost& host, const Conversation& conversation, Opening opening = Opening::kAnswered);

  bool isOpen() const { return conn_ != nullptr; }
  /// False: an HTTP stream, for which data() is never called.
  bool takesInput() const { return takesInput_; }
  /// How the request was answered, if it opened nothing.
  const std::string& refusal() const { return refusal_; }
  testing::FakeConn& conn() { return *conn_; }
  testing::FakeHost& host() { return host_; }
  const Conversation& conversation() const { return conversation_; }

  /// The whole conversation; once.
  void run(const Manner& manner);
  /// One step, and the host's answers to it.
  void take(const Step& step, const Manner& manner);
  /// The host's answers: hellos, tokens, frames, the prompt that is due.
  void settle();
  /// A goodbye of the host and the end; what was seen from beginning to end.
  Transcript end(Sight sight = Sight::kAll);

 private:
  void open(const testing::OpenOptions& options);
  void send(const Step& step, const Manner& manner);
  void attach();
  bool answerOne();
  void wait(uint64_t ms, bool isSliced);

  testing::FakeHost& host_;
  const Conversation& conversation_;
  std::unique_ptr<testing::FakeRequest> request_;
  std::unique_ptr<testing::FakeConn> conn_;
  std::string refusal_;
  bool takesInput_ = true;  // an HTTP stream takes none
  bool isAttached_ = false;
  size_t offset_ = 0;  // bytes of the client so far
  size_t place_ = 0;
  size_t answeredInputs_ = 0, answeredFrames_ = 0;
  uint64_t seq_ = 0;
};

/// run and end, with a host of its own. Throws Failure if a rule was broken meanwhile.
Transcript converse(const gw_plugin& plugin, const std::string& options, const Conversation& conversation,
                    const Visit::Manner& manner, Sight sight = Sight::kAll);

/// An event as a step has it.
testing::FakeEvent eventOf(const Step& step);

/// Places among `count`, 0..count: all of them, or a seeded choice of `most`.
std::vector<size_t> placesAmong(size_t count, size_t most, uint64_t seed);

}  // namespace gw::conform
