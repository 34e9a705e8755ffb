#pragma once
// Worker::call, for the files of the worker.

#include "worker.h"

namespace gw::backend {

template <typename Call>
bool Worker::call(const char* what, Call&& theirs, std::optional<size_t> room) {
  begin();
  store_.mark();
  stage_.clear(room);
  std::string problem;
  try {
    Transaction transaction(stage_);
    theirs(transaction);
    if (stage_.isOverfull) throw OutboxFull();  // or a part of what it meant to say would be sent
  } catch (const std::exception& e) {
    problem = e.what();
    if (problem.empty()) problem = "an exception without a message";
  } catch (...) {
    problem = "something that is not a std::exception";
  }
  if (!problem.empty()) {
    store_.undo();
    stage_.clear();
    log_.error(std::string(what) + " threw, and was taken back: " + problem);
    return false;
  }
  store_.keep();
  apply();
  return true;
}

}  // namespace gw::backend
