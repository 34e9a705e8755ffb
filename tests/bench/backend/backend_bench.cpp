// How many commands a second a backend carries out with the C++ library: this process plays the gateway and keeps a
// window of commands open in each session, a child on a core of its own is the backend.
//
//   gw_backend_bench [--commands N] [--sessions S] [--window W] [--mode echo|add] [--full]
//
// echo: one output a command. add: also an UPDATE and a SELECT of the author's own table. Prints one line.

#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/WebSocket.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <gw/backend/database.hpp>
#include <gw/backend/link.hpp>
#include <mutex>
#include <optional>

#include "support/child_process.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Plan {
  int64_t commands = 500'000;
  int sessions = 200;
  int window = 20;
  std::string mode = "echo";
  bool isFull = false;
};

// --- The backend

class World final : public gw::backend::Backend {
 public:
  explicit World(bool counts) : counts_(counts) {}
  void onStart(gw::backend::Transaction& tx) override {
    using namespace Poco::Data::Keywords;
    gw::backend::database(tx) << "CREATE TABLE IF NOT EXISTS total(character TEXT PRIMARY KEY, sum INTEGER)", now;
  }
  void authenticate(gw::backend::Transaction&, const gw::backend::Credentials&,
                    const gw::backend::Answer<gw::backend::User>&) override {}
  void onCommand(gw::backend::Transaction& tx, const gw::backend::Session& session, std::string_view text) override {
    if (!counts_) return tx.text(session.id, text);
    tx.text(session.id, "total " + std::to_string(add(tx, session)));
  }

 private:
  int64_t add(gw::backend::Transaction& tx, const gw::backend::Session& session) {
    using namespace Poco::Data::Keywords;
    character_ = session.characterId;
    if (!add_) {
      add_.emplace(gw::backend::database(tx));
      *add_ << "INSERT INTO total VALUES(?, 1) ON CONFLICT DO UPDATE SET sum = sum + 1 RETURNING sum", use(character_),
          into(sum_);
    }
    add_->execute();
    return sum_;
  }
  const bool counts_;
  std::string character_;
  Poco::Int64 sum_ = 0;
  std::optional<Poco::Data::Statement> add_;
};

void stayOnCore(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

int runBackend(const Plan& plan, int port, const gw::test::TempFolder& folder) {
  stayOnCore(1);
  gw::backend::Options options;
  options.url = "ws://127.0.0.1:" + std::to_string(port);
  options.tokenFile = folder.file("token");
  options.database = folder.file("w.db");
  options.name = "world";
  options.durability = plan.isFull ? gw::backend::Durability::kFull : gw::backend::Durability::kNormal;
  World world(plan.mode == "add");
  gw::backend::Link link(options, world);
  link.runUntilSignal();
  return 0;
}

// --- The gateway

int64_t numberBehind(const std::string& text, size_t at) {
  int64_t number = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), number);
  return number;
}

class Gateway {
 public:
  explicit Gateway(const Plan& plan)
      : plan_(plan), sent_(static_cast<size_t>(plan.sessions)), acked_(sent_.size()), taken_(sent_.size()) {}

  void serve(Poco::Net::WebSocket socket) {
    receive(socket);  // connect
    send(socket, R"({"type":"res","id":"connect","ok":true,"payload":{"link":{"n":0},"policy":{}}})");
    for (size_t i = 0; i < sent_.size(); ++i) enter(socket, i);
    const auto began = Clock::now();
    for (size_t i = 0; i < sent_.size(); ++i) refill(i);
    flush(socket);
    while (done_ < plan_.commands) {
      take(receive(socket));
      flush(socket);
    }
    const std::lock_guard lock(mutex_);
    seconds_ = std::chrono::duration<double>(Clock::now() - began).count();
    changed_.notify_all();
  }

  double wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return seconds_ > 0; });
    return seconds_;
  }
  int64_t outputs() const { return outputs_; }

 private:
  static constexpr int64_t kFirst = 100'000'000'000;  // twelve digits, as the end of a UUID
  static std::string name(size_t session) {
    return "00000000-0000-4000-8000-" + std::to_string(kFirst + static_cast<int64_t>(session));
  }

  static void send(Poco::Net::WebSocket& socket, const std::string& text) {
    socket.sendFrame(text.data(), static_cast<int>(text.size()));
  }
  std::string receive(Poco::Net::WebSocket& socket) {
    int flags = 0;
    buffer_.resize(0, false);
    if (socket.receiveFrame(buffer_, flags) <= 0) throw std::runtime_error("the backend is gone");
    return {buffer_.begin(), buffer_.size()};
  }

  static void enter(Poco::Net::WebSocket& socket, size_t i) {
    send(socket, R"({"type":"event","event":"session.entered","payload":{"session":")" + name(i) +
                     R"(","user":{"id":"u","name":"U"},"character":{"id":"c)" + std::to_string(i) +
                     R"(","name":"C"}}})");
  }

  // Commands for the window of a session, and what has been stored of it.
  void refill(size_t i) {
    while (sent_[i] < acked_[i] + plan_.window && total_ < plan_.commands) {
      ++total_;
      add(R"({"type":"event","event":"command","payload":{"session":")" + name(i) + R"(","seq":)" +
          std::to_string(++sent_[i]) + R"(,"text":"say hello to the people here"}})");
    }
  }

  // The backend's frames are its own text: reading them by their look keeps this end cheap.
  void take(const std::string& message) {
    for (size_t at = 0; (at = message.find("\"event\":\"", at)) != std::string::npos;) {
      at += 9;
      const bool isAck = message.compare(at, 11, "command.ack") == 0;
      const size_t session = message.find("-4000-8000-", at) + 11;
      const auto i = static_cast<size_t>(numberBehind(message, session) - kFirst);
      if (isAck) {
        const int64_t seq = numberBehind(message, message.find("\"seq\":", at) + 6);
        done_ += seq - acked_[i];
        acked_[i] = seq;
        add(R"({"type":"event","event":"link.ack","payload":{"session":")" + name(i) + R"(","n":)" +
            std::to_string(taken_[i]) + "}}");
        refill(i);
      } else {
        taken_[i] = numberBehind(message, message.find("\"n\":", at) + 4);
        ++outputs_;
      }
    }
  }

  void add(const std::string& frame) {
    if (out_.empty() || out_.back().size() + frame.size() + 2 > 65536) out_.emplace_back("[");
    if (out_.back().size() > 1) out_.back() += ',';
    out_.back() += frame;
  }
  void flush(Poco::Net::WebSocket& socket) {
    for (auto& message : out_) send(socket, message + "]");
    out_.clear();
  }

  const Plan& plan_;
  std::vector<int64_t> sent_;
  std::vector<int64_t> acked_;
  std::vector<int64_t> taken_;
  int64_t total_ = 0;
  int64_t done_ = 0;
  int64_t outputs_ = 0;
  std::vector<std::string> out_;
  Poco::Buffer<char> buffer_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  double seconds_ = 0;
};

class Handler final : public Poco::Net::HTTPRequestHandler {
 public:
  explicit Handler(Gateway& gateway) : gateway_(gateway) {}
  void handleRequest(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) override {
    gateway_.serve(Poco::Net::WebSocket(request, response));
  }

 private:
  Gateway& gateway_;
};

class Factory final : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  explicit Factory(Gateway& gateway) : gateway_(gateway) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override {
    return new Handler(gateway_);
  }

 private:
  Gateway& gateway_;
};

void measure(const Plan& plan) {
  const gw::test::TempFolder folder;
  folder.write("token", "secret");
  Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
  const pid_t child = ::fork();  // before there are threads
  if (child == 0) ::_exit(runBackend(plan, socket.address().port(), folder));
  stayOnCore(0);
  Gateway gateway(plan);
  Poco::Net::HTTPServer server(new Factory(gateway), socket, new Poco::Net::HTTPServerParams);
  server.start();
  const double seconds = gateway.wait();
  ::kill(child, SIGTERM);
  ::waitpid(child, nullptr, 0);
  server.stopAll(true);
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  const double cpu = of(used.ru_utime) + of(used.ru_stime);
  const auto commands = static_cast<double>(plan.commands);
  std::printf("%s %s: %.0f commands/s, %.1f us of CPU a command, %lld outputs, %.2f s\n", plan.mode.c_str(),
              plan.isFull ? "FULL" : "NORMAL", commands / seconds, cpu * 1e6 / commands,
              static_cast<long long>(gateway.outputs()), seconds);
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  CLI::App app{"Commands a second of a C++ backend"};
  app.add_option("--commands", plan.commands);
  app.add_option("--sessions", plan.sessions);
  app.add_option("--window", plan.window);
  app.add_option("--mode", plan.mode)->check(CLI::IsMember({"echo", "add"}));
  app.add_flag("--full", plan.isFull);
  CLI11_PARSE(app, argc, argv);
  measure(plan);
}
