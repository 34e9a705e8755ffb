// Channel "worker": each line asks for blocking work, each answer is a line. WORKER_VERSION names a generation;
// WORKER_IS_DEAF: it offers no gw.work/1.
//   read MS PATH    the text of a file; of a FIFO, when somebody has written and closed it
//   until MS PATH   makes PATH.begun, waits until nobody wants the result, then makes PATH
//   fill MS BYTES   as long a result; the status says whether all of it was taken
//   throw MS x      an exception leaves the job
// Answers: "VERSION TOKEN OUTCOME STATUS RESULT"; of what is not taken "VERSION refused STATUS".
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "gw/plugin.hpp"

namespace {

using gw::sdk::Consumed;
using gw::sdk::HostConn;
using gw::sdk::WorkCall;

constexpr size_t kMostLine = 4096;

gw_status readFile(WorkCall& call) {
  const int fd = ::open(std::string(call.input()).c_str(), O_RDONLY);  // a FIFO: until somebody opens it for writing
  if (fd < 0) return GW_E_INVALID;
  gw_status status = GW_OK;
  char part[512];
  for (ssize_t count = 0; status == GW_OK && (count = ::read(fd, part, sizeof part)) > 0;)
    status = call.write({part, static_cast<size_t>(count)});
  ::close(fd);
  return status;
}

void makeFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  if (fd >= 0) ::close(fd);
}

void waitUntilUnwanted(WorkCall& call) {
  const std::string path(call.input());
  makeFile(path + ".begun");
  while (!call.isUnwanted()) ::usleep(1000);
  makeFile(path);
}

gw_status fill(WorkCall& call) {
  const size_t bytes = std::stoul(std::string(call.input()));
  const std::string part(1024, 'x');
  for (size_t written = 0; written < bytes; written += part.size())
    if (const gw_status status = call.write(part); status != GW_OK) return status;
  return GW_OK;
}

gw_status throwOut(const gw_work_call*) { throw std::runtime_error("it left the job"); }

class WorkerStream : public gw::sdk::Stream {
 public:
  explicit WorkerStream(HostConn conn) : Stream(conn) { conn.setClass(1, 0, "plain"); }

  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.text(1, "line", self.line_, kMostLine);
    f.number(2, "next", self.next_, uint64_t{1'000'000});
  }

  Consumed onData(std::string_view bytes, uint64_t /*nowNs*/) override {
    for (const char c : bytes) {
      if (c == '\r') continue;
      if (c != '\n') {
        if (line_.size() >= kMostLine) return {0, GW_E_PROTO};
        line_ += c;
        continue;
      }
      const gw_status status = start(std::exchange(line_, {}));
      if (status != GW_OK) say("refused " + std::to_string(status));
    }
    return bytes.size();
  }

  void onWork(const gw_work_answer& answer) override {
    std::string result(gw::sdk::view(answer.result_h));
    if (result.size() > 100) result = std::to_string(result.size()) + " bytes";
    say(std::to_string(answer.token) + " " + std::to_string(answer.outcome) + " " + std::to_string(answer.status) +
        " " + result);
  }

  gw::sdk::MoveAnswer quiesce() override { return gw::sdk::MoveAnswer::ready(); }
  void save(gw::sdk::StateWriter& out) const override { fields(*this, out); }

 private:
  void say(const std::string& text) { conn().send(WORKER_VERSION " " + text + "\n"); }

  gw_status start(const std::string& line) {
    const size_t space = line.find(' ');
    const size_t second = line.find(' ', space + 1);
    if (second == std::string::npos) return GW_E_PROTO;
    const std::string verb = line.substr(0, space);
    const std::chrono::milliseconds deadline(std::stoul(line.substr(space + 1, second - space - 1)));
    const std::string input = line.substr(second + 1);
    const uint64_t token = next_++;
    if (verb == "read") return conn().work<&readFile>(token, deadline, input);
    if (verb == "until") return conn().work<&waitUntilUnwanted>(token, deadline, input);
    if (verb == "fill") return conn().work<&fill>(token, deadline, input);
    const gw_work_order order{sizeof order, token, static_cast<uint64_t>(deadline.count()), &throwOut, {}};
    const auto* threads = static_cast<const gw_host_work*>(gw::sdk::host().get_extension(gw::sdk::slice(GW_EXT_WORK)));
    return threads->start(conn().raw(), &order);
  }

  std::string line_;
  uint64_t next_ = 1;
};

class Worker : public gw::sdk::Channel {
 public:
  static constexpr gw::sdk::Descriptor kDescriptor{.id = "worker",
                                                   .name = "Worker",
                                                   .vendor = "tests",
                                                   .version = WORKER_VERSION,
                                                   .license = "Apache-2.0",
                                                   .maxStateBytes = 8192};
  static constexpr gw::sdk::StateSchema kState{.version = 1};

  Worker(gw::sdk::HostInst inst, std::string_view /*options*/) : Channel(inst) {}

  std::unique_ptr<gw::sdk::Stream> open(HostConn conn, const gw_open_info& /*info*/, uint64_t /*nowNs*/) override {
    return std::make_unique<WorkerStream>(conn);
  }
  std::unique_ptr<gw::sdk::Stream> restore(HostConn conn, const gw_open_info& /*info*/, gw::sdk::StateReader& in,
                                           uint64_t /*nowNs*/) {
    auto stream = std::make_unique<WorkerStream>(conn);
    WorkerStream::fields(*stream, in);
    return stream;
  }
  gw_status encode(std::string_view /*classDescription*/, const gw::sdk::EventView& /*event*/,
                   gw::sdk::Builder& /*out*/) const override {
    return GW_E_UNSUPPORTED;
  }
};

}  // namespace

#ifdef WORKER_IS_DEAF
namespace {
const void* deafExtension(gw_slice id) {
  return gw::sdk::view(id) == GW_EXT_WORK ? nullptr : gw::sdk::pluginTable<Worker>().get_extension(id);
}
}  // namespace
GW_NOTE_ATTRIBUTES GW_NOTE_OBJECT gw_plugin_note = ::gw::sdk::detail::noteOf<Worker>();
extern "C" __attribute__((visibility("default"))) const gw_plugin* gw_plugin_entry(uint32_t hostMin, uint32_t hostMax,
                                                                                   uint32_t* chosen, gw_err* err) {
  static gw_plugin deaf = gw::sdk::pluginTable<Worker>();
  deaf.get_extension = deafExtension;
  return gw::sdk::enter<Worker>(hostMin, hostMax, chosen, err) == nullptr ? nullptr : &deaf;
}
#else
GW_PLUGIN(Worker);
#endif
