#pragma once
// MigrationScript: what a client and the host do on one connection, step by step, run without a migration and
// with one at each place. Nobody outside may see a difference.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "testing/fake_host.h"

namespace gw::testing {

class MigrationScript {
 public:
  using Act = std::function<void(FakeConn&)>;

  explicit MigrationScript(const gw_plugin& plugin, std::string options = "{}", OpenOptions open = {})
      : plugin_(plugin), options_(std::move(options)), open_(std::move(open)) {}

  // Steps. Bytes arrive one at a time, so that a migration is tried at every offset.
  MigrationScript& bytes(std::string_view input);
  MigrationScript& piece(std::string_view input);
  MigrationScript& then(Act act);
  MigrationScript& wait(uint64_t ms);
  MigrationScript& text(std::string line, uint64_t seq = 0, uint64_t epoch = 1);
  MigrationScript& prompt(std::string text, uint32_t flags = 0);

  /// Moving before each single step, and before every step, changes nothing that a client, the host or an operator
  /// sees; what is imported exports the same bytes; a move that is given up changes nothing either.
  void expectMovesAreUnseen() const;
  /// The states before each step, and after the last.
  std::vector<std::string> states() const;

  /// Truncations, flipped bits and rubbish are refused with a reason or make a connection that survives `use`.
  void expectHostileStatesAreHarmless(const std::vector<std::string>& states, const Act& use) const;

 private:
  enum class Moving { kNot, kOnce, kAlways, kRehearsing };
  struct Step {
    Act act;
    uint64_t waitMs = 0;
  };
  std::vector<std::string> run(Moving moving, size_t at, std::vector<std::string>* states = nullptr) const;

  const gw_plugin& plugin_;
  std::string options_;
  OpenOptions open_;
  std::vector<Step> steps_;
};

}  // namespace gw::testing
