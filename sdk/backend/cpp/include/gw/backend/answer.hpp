#pragma once
// Answer: the reply to one request of the gateway. Copy it and answer later if you like: the gateway waits for 30 s,
// then takes it as refused.
//
// Thread: may be answered from any thread; the first answer counts. Given inside of the call that brought it, it
// leaves after that call's transaction is stored, and not at all if the call throws.

#include <memory>
#include <string>
#include <vector>

#include "gw/backend/types.hpp"

namespace gw::backend {

/// The library's end of an Answer.
class Reply {
 public:
  virtual ~Reply() = default;
  virtual void accept(std::string payload) = 0;
  virtual void refuse(const Refusal& refusal) = 0;
};

std::string toPayload(const User& user);
std::string toPayload(const Character& character);
std::string toPayload(const std::vector<Character>& characters);

template <typename T>
class Answer {
 public:
  explicit Answer(std::shared_ptr<Reply> reply) : reply_(std::move(reply)) {}
  void operator()(const T& value) const { reply_->accept(toPayload(value)); }
  void refuse(const Refusal& refusal) const { reply_->refuse(refusal); }

 private:
  std::shared_ptr<Reply> reply_;
};

}  // namespace gw::backend
