#include "gw/backend/link.hpp"

#include <Poco/Exception.h>
#include <pthread.h>

#include <csignal>
#include <stdexcept>

#include "background.h"
#include "connection.h"
#include "token_file.h"
#include "worker.h"

namespace gw::backend {
namespace {

const Options& checked(const Options& options) {
  constexpr size_t kMaxWelcome = 4096;
  if (options.name.empty()) throw std::runtime_error("name: the backend needs one");
  if (options.database.empty()) throw std::runtime_error("database: a file is needed");
  if (options.capabilities.welcome.size() > kMaxWelcome) throw std::runtime_error("welcome: over 4 KiB");
  if (options.maxOutbox == 0) throw std::runtime_error("maxOutbox: at least 1");
  static_cast<void>(Url::parse(options.url));
  static_cast<void>(readTokenFile(options.tokenFile));
  return options;
}

std::runtime_error told(const Poco::Exception& e) { return std::runtime_error("database: " + e.displayText()); }

// SIGINT and SIGTERM as a call. Threads made later have them blocked as well, so that this one gets them.
class SignalWatch {
 public:
  explicit SignalWatch(std::function<void()> then) {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    thread_ = std::thread([this, call = std::move(then)] {
      int number = 0;
      sigwait(&set_, &number);
      call();
    });
  }
  ~SignalWatch() {
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  sigset_t set_{};
  std::thread thread_;
};

}  // namespace

class Link::Impl {
 public:
  Impl(const Options& options, Backend& backend)
      : options_(checked(options)),
        log_(options_.log),
        store_(options_.database, options_.durability),
        queue_(kMaxMessage),
        worker_(options_, backend, store_, inbox_, queue_, log_),
        connection_(options_, store_.instance(), inbox_, queue_, log_) {}

  void run() {
    connection_.start();
    try {
      worker_.run();
    } catch (const Poco::Exception& e) {
      queue_.close();  // nothing that is not stored may leave
      throw told(e);
    } catch (...) {
      queue_.close();
      throw;
    }
    connection_.stop();
  }

  const Options options_;
  const Log log_;
  Store store_;
  Inbox inbox_;
  SendQueue queue_;
  Worker worker_;
  Connection connection_;
  Background background_;
};

Link::Link(const Options& options, Backend& backend) try : impl_(std::make_unique<Impl>(options, backend)) {
} catch (const Poco::Exception& e) {
  throw told(e);
}

Link::~Link() = default;

void Link::run() { impl_->run(); }

void Link::runUntilSignal() {
  const SignalWatch watch([this] { stop(); });
  run();
}

void Link::stop() { impl_->worker_.stop(); }

void Link::post(Work work) { impl_->inbox_.push(Task{std::move(work)}); }

void Link::every(std::chrono::milliseconds interval, Work work) {
  post([this, interval, work = std::move(work)](Transaction&) { impl_->worker_.addTimer(interval, work); });
}

void Link::background(std::function<void()> work) { impl_->background_.add(std::move(work)); }

bool Link::isConnected() const { return impl_->connection_.isUp(); }

size_t Link::outboxSize() const { return impl_->worker_.outboxSize(); }

}  // namespace gw::backend
