// A backend that says every line again: what the link costs, and the C++ library. For scripts/bench.sh link.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <gw/backend/link.hpp>

namespace {

using namespace gw::backend;

class EchoWorld final : public Backend {
 public:
  void onReady(Transaction&, size_t) override {
    std::printf("{\"event\":\"ready\"}\n");
    std::fflush(stdout);
  }
  void authenticate(Transaction&, const Credentials& given, const Answer<User>& answer) override {
    answer(User{"u-" + given.username, given.username});
  }
  void guest(Transaction&, const Credentials&, const Answer<User>& answer) override {
    const std::string number = std::to_string(++guests_);
    answer(User{"g-" + number, "Guest" + number});
  }
  void onCommand(Transaction& tx, const Session& session, std::string_view text) override {
    tx.text(session.id, std::string(text));
  }

 private:
  uint64_t guests_ = 0;
};

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  options.name = "world";
  options.capabilities.hasCharacters = false;
  options.capabilities.hasGuests = true;
  options.durability = Durability::kNormal;
  CLI::App app{"A backend that says every line again"};
  app.add_option("--url", options.url)->required();
  app.add_option("--token-file", options.tokenFile)->required();
  app.add_option("--db", options.database)->required();
  CLI11_PARSE(app, argc, argv);
  EchoWorld world;
  Link link(options, world);
  link.runUntilSignal();
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "error: %s\n", e.what());
  return 1;
}
