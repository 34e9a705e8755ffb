#pragma once
// A start that cannot go on: one actionable line, which main prints. Private to gateway*.cpp.

#include <stdexcept>
#include <string>
#include <utility>

#include "base/result.h"

namespace gw {

[[noreturn]] inline void refuse(const std::string& line) { throw std::runtime_error(line); }

template <typename T>
T orRefuse(Result<T> result) {
  if (!result) refuse(result.error().message);
  return std::move(*result);
}

}  // namespace gw
