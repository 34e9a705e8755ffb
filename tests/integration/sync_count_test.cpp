// What durability costs in calls that wait for the disk, counted in the real process.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "integration/gateway_fixture.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

class SyncCount : public GatewayTest {
 protected:
  SyncCount() {
    const int fd = ::open(counted_.file("syncs").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EXPECT_EQ(::ftruncate(fd, sizeof(uint64_t)), 0);
    mapped_ = static_cast<const volatile uint64_t*>(::mmap(nullptr, sizeof(uint64_t), PROT_READ, MAP_SHARED, fd, 0));
    ::close(fd);
  }
  ~SyncCount() override { ::munmap(const_cast<uint64_t*>(mapped_), sizeof(uint64_t)); }

  void launchCounted(const std::string& durability) {
    ::setenv("GW_SYNC_COUNT", counted_.file("syncs").c_str(), 1);
    ::setenv("LD_PRELOAD", GW_COUNT_SYNCS, 1);
    launch(R"({"store": {"durability": ")" + durability + R"("}})");
    ::unsetenv("LD_PRELOAD");
    ::unsetenv("GW_SYNC_COUNT");
  }
  uint64_t syncs() const { return *mapped_; }
  void enterAll(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      clients_.push_back(std::make_unique<V1Client>(gateway().httpPort()));
      clients_.back()->enterAsGuest();
    }
    // Saves that came with the logins are over: nothing is written while nobody speaks.
    uint64_t before = UINT64_MAX;
    waitUntil("the disk is quiet", [&] { return std::exchange(before, syncs()) == syncs(); });
  }
  V1Client& client(size_t i) { return *clients_[i]; }
  std::vector<std::unique_ptr<V1Client>> clients_;

 private:
  TempFolder counted_;
  const volatile uint64_t* mapped_ = nullptr;
};

TEST_F(SyncCount, StrictWaitsForTheDiskOnceForALineAndOnceForItsAnswer) {
  launchCounted("strict");
  enterAll(10);
  const uint64_t before = syncs();
  EXPECT_GT(before, 0u);
  constexpr uint64_t kLines = 50;
  for (uint64_t i = 0; i < kLines; ++i) {
    client(0).command("say " + std::to_string(i));
    client(0).expect("You say: " + std::to_string(i));
  }
  const uint64_t spent = syncs() - before;
  EXPECT_GE(spent, 2 * kLines) << "each is on the disk before it is told";
  EXPECT_LE(spent, 2 * kLines + 20) << "ten listeners cost no more than one";
}

TEST_F(SyncCount, StrictCommitsWhatComesTogetherTogether) {
  launchCounted("strict");
  enterAll(20);
  const uint64_t before = syncs();
  constexpr uint64_t kLines = 1000;
  constexpr uint64_t kTogether = 50;  // a session's queue takes 100
  for (uint64_t i = 0; i < kLines; ++i) {
    client(0).send("command", {{"text", "say " + std::to_string(i)}});
    if (i % kTogether == kTogether - 1) client(19).expect(" says: " + std::to_string(i));
  }
  EXPECT_LT(syncs() - before, kLines / 2) << kLines << " lines, heard by 20";
}

TEST_F(SyncCount, RelaxedDoesNotWaitForTheDisk) {
  launchCounted("relaxed");
  enterAll(2);
  const uint64_t before = syncs();
  for (int i = 0; i < 50; ++i) {
    client(0).command("say " + std::to_string(i));
    client(0).expect("You say: " + std::to_string(i));
  }
  EXPECT_LE(syncs() - before, 5u);
}

}  // namespace
}  // namespace gw::test
