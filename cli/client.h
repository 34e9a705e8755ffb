#pragma once
// Client: one request and answer at a time over the admin API. Blocking; the main thread only.

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "endpoint.h"

namespace gw::cli {

using Json = nlohmann::ordered_json;

class Client {
 public:
  Client(Endpoint endpoint, std::chrono::milliseconds timeout) : endpoint_(std::move(endpoint)), timeout_(timeout) {}

  // Each returns the answer's JSON and throws CliError with the exit code that fits: the API's own
  // errors, kUnreachable, kForbidden (also a server that runs as a stranger), kTimeout.
  Json get(const std::string& path) const { return request("GET", path, ""); }
  std::string getText(const std::string& path) const;  // what is not JSON
  Json post(const std::string& path, const Json& body = Json::object()) const;
  Json del(const std::string& path) const { return request("DELETE", path, ""); }

  std::chrono::milliseconds timeout() const { return timeout_; }

 private:
  struct Answer {
    int status = 0;
    std::string text;
  };
  Json request(const std::string& method, const std::string& path, const std::string& body) const;
  Answer exchange(const std::string& method, const std::string& path, const std::string& body) const;

  Endpoint endpoint_;
  std::chrono::milliseconds timeout_;
};

/// Percent-encodes one path segment or query value.
std::string encoded(const std::string& text);

}  // namespace gw::cli
