#pragma once
#include <functional>
#include <iostream>
#include <string>

#include "gw/backend/link.hpp"

namespace gw::backend {

/// Where the library tells what it decided. Thread-safe as the author's function is.
class Log {
 public:
  explicit Log(std::function<void(LogLevel, const std::string&)> sink) : sink_(std::move(sink)) {}
  void info(const std::string& text) const { write(LogLevel::kInfo, text); }
  void warning(const std::string& text) const { write(LogLevel::kWarning, text); }
  void error(const std::string& text) const { write(LogLevel::kError, text); }

 private:
  void write(LogLevel level, const std::string& text) const {
    if (sink_) {
      sink_(level, text);
    } else {
      std::cerr << (level == LogLevel::kInfo      ? "info: "
                    : level == LogLevel::kWarning ? "warning: "
                                                  : "error: ") +
                       text + "\n";
    }
  }
  std::function<void(LogLevel, const std::string&)> sink_;
};

}  // namespace gw::backend
