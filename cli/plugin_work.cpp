#include "plugin_work.h"

#include <algorithm>
#include <filesystem>

#include "text.h"

namespace gw::cli {
namespace {

constexpr uint64_t kUsualTimeoutMs = 30'000;

/// One line for each step, and one for each look at a step that takes connections one by one.
std::string progressOf(const Json& work) {
  const std::string step = textOf(work, "step");
  const std::string of = " of " + numberOf(work, "connections") + " connections ";
  if (step == "migrating" || step == "rollingBack") return step + ": " + numberOf(work, "moved") + of + "moved";
  if (step == "draining") return step + ": " + numberOf(work, "gone") + of + "left";
  return step + " ...";
}

}  // namespace

uint64_t patienceMs(const Client& client) {
  return std::max<uint64_t>(kUsualTimeoutMs, static_cast<uint64_t>(client.timeout().count()));
}

std::string absoluteFile(const std::string& file) {
  return std::filesystem::absolute(file).lexically_normal().string();
}

Json waitForWork(const Client& client, Output& output, Json work) {
  const std::string path = "/v1/reloads/" + numberOf(work, "id") + "?waitMs=500";
  std::string said;
  while (work.at("outcome").is_null()) {
    const std::string progress = progressOf(work);
    if (!output.isJson() && progress != said) output.warn(progress);
    said = progress;
    work = client.get(path);
  }
  return work;
}

std::string reasonsOf(const Json& work) {
  std::string text;
  for (const auto& [why, count] : work.at("reasons").items())
    text += (text.empty() ? "" : "; ") + count.dump() + ": " + sanitized(why);
  return text;
}

ExitCode exitOf(const std::string& outcome) {
  if (outcome == "refused") return kReloadRefused;
  if (outcome == "rolledBack") return kRolledBack;
  return outcome == "partial" ? kPartial : kOk;
}

}  // namespace gw::cli
